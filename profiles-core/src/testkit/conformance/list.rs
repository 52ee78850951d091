//! The list of all behaviours.

/// Makes a test of every behaviour of [`testkit::conformance`](crate::testkit::conformance), each over a store of its
/// own that has to be consistent with itself at the end.
///
/// The argument is an expression that gives, each time it is evaluated, a future of an empty store and of something
/// to be kept until the test is over, for instance a temporary folder: `(Arc<dyn Store>, impl Sized)`. The `Arc` has to
/// be the only one, since the end of a store is tried too. The crate needs tokio with the features `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! store_conformance {
    ($open:expr) => {
        $crate::store_conformance! { @consistent $open;
            registration {
                registering_makes_an_account_and_an_empty_profile,
                an_account_may_have_no_address,
                numbers_count_from_one_each_for_themselves,
                registering_keeps_tokens_and_mails_with_the_account,
                a_name_is_taken_whatever_its_case,
                an_unverified_address_is_free,
                a_verified_address_is_taken,
                a_secret_is_kept_once,
                a_registration_is_checked_in_a_fixed_order,
                a_refused_registration_leaves_nothing,
            }
            accounts {
                an_account_is_found_by_number_name_and_verified_address,
                accounts_are_found_by_their_address,
                accounts_are_listed_by_number,
                updating_an_account_changes_what_it_says,
                the_revision_counts_every_write_of_the_account,
                an_account_is_not_updated_unless_it_is_as_expected,
                a_rename_frees_the_old_name_and_takes_the_new,
                a_name_may_change_its_case,
                a_rename_shows_at_once_everywhere,
                a_new_password_ends_what_it_says,
                a_refused_password_leaves_everything,
            }
            passwords {
                each_revocation_ends_what_it_says,
                a_session_is_renewed_with_the_password,
                a_new_password_comes_with_all_that_it_says,
            }
            tokens {
                a_login_keeps_its_tokens_and_its_time,
                logins_do_not_end_each_other,
                a_login_may_replace_the_hash,
                nobody_logs_in_without_an_account,
                a_login_with_a_replaced_password_is_stale,
                a_login_to_a_deactivated_account_is_stale,
                a_login_with_a_known_secret_is_refused,
                a_token_says_who_it_speaks_for,
                an_expired_token_speaks_for_nobody,
                a_token_tells_of_changes_at_once,
                deactivation_leaves_tokens_in_place,
                revoking_ends_the_tokens_it_names,
                revoking_passes_over_what_is_not_there,
                a_revoked_token_is_gone,
            }
            recognition {
                who_asks_and_the_row_are_told_as_one_by_one,
                the_row_is_told_as_it_is_now,
                a_missing_row_takes_nothing_from_who_asks,
            }
            own_tokens {
                tokens_are_listed_with_all_they_say,
                the_number_of_a_token_is_not_given_again,
                personal_tokens_have_a_limit,
                a_token_is_issued_once_and_to_somebody,
                one_token_is_ended_by_its_number,
                a_personal_token_is_ended_by_its_number,
                all_other_logins_end_at_once,
                what_is_over_can_not_be_ended,
            }
            lifetimes {
                a_token_ends_at_its_fixed_moment,
                an_unused_token_ends_at_its_moment,
                use_prolongs_an_idle_token,
                the_first_of_two_ends_holds,
                the_last_use_moves_only_forward,
                use_does_not_revive_a_token,
                several_uses_are_noted_at_once,
            }
            logins {
                logins_beyond_the_most_end,
                expired_logins_are_not_counted,
                a_former_session_of_another_account_ends,
                a_login_ends_keys_that_reset,
                a_login_forgives_tries,
                a_refused_login_does_nothing,
            }
            places {
                a_new_place_is_told_once,
                a_registration_has_a_place,
                nowhere_is_no_place,
                neighbours_are_one_place,
                the_place_not_seen_for_longest_is_forgotten,
                places_are_listed_by_when_they_were_seen,
            }
            mail_keys {
                a_key_says_what_it_is_good_for,
                keys_are_sent_with_all_that_belongs_to_them,
                keys_are_not_sent_to_whom_they_do_not_concern,
                a_secret_of_a_key_is_kept_once,
                an_account_has_so_many_keys_for_a_purpose,
            }
            key_use {
                confirming_verifies_the_address,
                confirming_a_change_moves_the_address,
                an_address_that_was_taken_uses_the_key_up,
                a_key_resets_the_password,
                a_key_does_nothing_but_what_it_is_for,
                a_key_for_a_former_address_confirms_nothing,
                an_inactive_account_has_no_new_password,
            }
            throttles {
                waits_grow_and_end,
                keys_are_counted_apart,
                a_try_is_counted_by_all_keys_or_by_none,
                each_wait_is_told_once,
                a_refusal_need_not_be_told,
                tries_are_forgiven,
                tries_are_forgotten,
            }
            audit {
                lines_are_kept_in_order,
                the_trail_is_read_in_parts,
                the_trail_is_filtered,
                the_oldest_lines_are_forgotten,
                every_write_keeps_its_line,
                lines_about_tokens_have_their_numbers,
                a_refused_write_leaves_no_line,
            }
            profiles {
                a_profile_is_found_by_number_and_by_account,
                updating_a_profile_changes_what_it_says,
                a_profile_is_not_updated_unless_it_is_as_expected,
                profiles_are_listed_in_parts,
                profiles_are_filtered_by_terms,
                filtered_profiles_are_listed_in_parts,
                terms_are_compared_as_whole_words_in_lower_case,
                a_filter_follows_changes,
                a_filter_follows_renames_and_erasures,
                profiles_are_counted,
                a_profile_shows_its_picture,
                a_picture_is_in_use_until_nobody_shows_it,
                a_refused_picture_is_not_in_use,
            }
            statuses {
                posting_keeps_a_status,
                nobody_posts_without_an_account,
                updating_a_status_writes_its_text_and_time,
                a_status_is_not_updated_unless_it_is_as_expected,
                a_deleted_status_is_gone,
                a_status_is_not_deleted_unless_it_is_as_expected,
                a_number_is_not_given_again,
                statuses_are_listed_in_parts,
                statuses_are_filtered_by_exact_name,
                filtered_statuses_are_listed_in_parts,
                the_filter_goes_by_the_present_name,
                statuses_are_counted,
            }
            lists {
                statuses_are_listed_in_both_orders,
                statuses_are_filtered_by_profile,
                statuses_are_filtered_by_time,
                the_time_of_posting_does_not_go_back,
                profiles_are_listed_in_every_order,
                a_list_by_name_goes_by_the_present_names,
            }
            feed {
                every_write_of_a_status_leaves_a_change,
                a_refused_write_leaves_no_change,
                changes_are_read_in_parts,
                a_number_that_was_not_given_is_lost,
                the_statuses_of_an_erased_account_are_told_of,
                what_was_told_is_in_the_log,
                changes_of_many_at_once_have_no_gap,
            }
            requests {
                a_request_with_a_key_posts_once,
                a_registration_with_a_key_is_remembered,
                a_request_is_remembered_until_it_expires,
                an_account_has_so_many_requests,
                a_request_goes_with_its_account,
                one_of_many_requests_with_a_key_posts,
            }
            erasure {
                an_erased_account_is_gone_by_every_question,
                name_and_address_of_an_erased_account_are_free,
                erasing_twice_is_missing,
                a_small_account_is_erased_in_one_step,
                an_erasure_is_told_once,
                a_sweep_finishes_an_erasure,
                nothing_brings_back_an_account_under_erasure,
            }
            transfer {
                an_empty_store_is_carried,
                equal_stores_send_equal_records,
                a_copy_has_the_same_content,
                secrets_work_in_a_copy,
                a_copy_goes_on_as_the_original_would,
                a_store_that_is_not_empty_takes_nothing,
                a_store_with_nothing_but_tries_is_not_empty,
                what_does_not_fit_is_refused_whole,
                a_row_without_its_account_is_refused,
                an_erasure_under_way_is_carried,
            }
            jobs {
                mails_are_leased_oldest_first,
                every_kind_of_mail_is_kept,
                a_mail_is_due_from_its_command,
                a_lease_ends_at_its_moment,
                each_lease_has_its_own_hold,
                a_mail_that_comes_back_waits_its_turn,
                a_mail_that_is_sent_is_forgotten,
                finishing_twice_is_no_error,
                a_mail_comes_back_later,
                who_lost_the_lease_changes_nothing,
                a_dead_letter_stays_and_is_not_leased,
                mails_are_listed_by_number,
                a_mail_is_tried_again_when_an_operator_says_so,
                a_dropped_mail_is_gone,
                queued_mails_are_told_once_a_command,
                the_number_of_a_mail_is_not_given_again,
                the_mails_of_an_account_are_listed_oldest_first,
            }
            maintenance {
                a_new_store_is_ready_and_empty,
                a_sweep_removes_what_has_expired,
                a_sweep_has_a_limit,
                a_swept_digest_is_free,
            }
            events {
                every_write_is_told_in_order,
                what_ends_and_what_replaces_it_is_told_in_order,
                a_refused_write_is_not_told,
                what_changes_nothing_for_readers_is_not_told,
                each_revoked_token_is_told,
                every_reader_is_told_the_same_from_its_beginning,
                events_are_counted_when_nobody_listens,
                concurrent_writes_are_told_in_the_order_of_committing,
                what_is_told_can_be_read,
                a_slow_reader_is_told_what_it_missed,
            }
            contention {
                one_of_many_registrations_of_a_name_wins,
                one_of_many_registrations_of_an_address_wins,
                a_secret_is_kept_by_one_of_many,
                one_of_many_renames_wins,
                one_of_many_updates_of_a_revision_wins,
                one_of_many_deletions_wins,
                exactly_the_free_ones_of_many_tries_are_granted,
                a_mailed_key_works_for_one_of_many,
                an_address_is_confirmed_by_one_of_many,
                many_personal_tokens_keep_to_their_limit,
                an_account_is_erased_once,
            }
            concurrency {
                registrations_of_different_names_all_succeed,
                the_revision_counts_every_update_of_many,
                no_update_is_seen_half_applied,
                counts_are_exact_after_many_at_once,
                pages_read_while_others_write_lose_nothing,
                no_login_survives_a_new_password,
                workers_never_hold_the_same_mail,
                nothing_is_left_of_an_account_erased_while_it_writes,
            }
        }
        // They verify the store themselves, before they close it.
        $crate::store_conformance! { @closed $open;
            closing {
                a_closed_store_refuses_everything,
                closing_answers_every_waiting_write,
                streams_end_with_the_store,
            }
        }
    };
    (@consistent $open:expr; $($group:ident { $($behaviour:ident,)* })*) => {
        $(
            mod $group {
                use super::*;
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                    async fn $behaviour() {
                        use $crate::testkit::conformance;
                        let (store, _keep) = $open.await;
                        conformance::check(store, conformance::$group::$behaviour).await;
                    }
                )*
            }
        )*
    };
    (@closed $open:expr; $($group:ident { $($behaviour:ident,)* })*) => {
        $(
            mod $group {
                use super::*;
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                    async fn $behaviour() {
                        use $crate::testkit::conformance;
                        let (store, _keep) = $open.await;
                        conformance::check_closing(store, conformance::$group::$behaviour).await;
                    }
                )*
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    /// A behaviour that nobody calls would be no test.
    #[test]
    fn every_behaviour_is_on_the_list() {
        let files = [
            ("registration", include_str!("registration.rs")),
            ("accounts", include_str!("accounts.rs")),
            ("passwords", include_str!("passwords.rs")),
            ("tokens", include_str!("tokens.rs")),
            ("recognition", include_str!("recognition.rs")),
            ("own_tokens", include_str!("own_tokens.rs")),
            ("lifetimes", include_str!("lifetimes.rs")),
            ("logins", include_str!("logins.rs")),
            ("places", include_str!("places.rs")),
            ("mail_keys", include_str!("mail_keys.rs")),
            ("key_use", include_str!("key_use.rs")),
            ("throttles", include_str!("throttles.rs")),
            ("audit", include_str!("audit.rs")),
            ("erasure", include_str!("erasure.rs")),
            ("profiles", include_str!("profiles.rs")),
            ("statuses", include_str!("statuses.rs")),
            ("lists", include_str!("lists.rs")),
            ("feed", include_str!("feed.rs")),
            ("requests", include_str!("requests.rs")),
            ("transfer", include_str!("transfer.rs")),
            ("jobs", include_str!("jobs.rs")),
            ("maintenance", include_str!("maintenance.rs")),
            ("closing", include_str!("closing.rs")),
            ("events", include_str!("events.rs")),
            ("contention", include_str!("contention.rs")),
            ("concurrency", include_str!("concurrency.rs")),
        ];
        for (group, source) in files {
            let list = include_str!("list.rs").split_once(&format!(" {group} {{\n")).unwrap().1;
            let list = list.split_once('}').unwrap().0;
            let listed: Vec<_> = list.lines().map(|line| line.trim().trim_end_matches(',')).collect();
            for behaviour in source.split("\npub async fn ").skip(1) {
                let name = behaviour.split_once('(').unwrap().0;
                assert!(listed.contains(&name), "{group}::{name} is not on the list");
            }
        }
    }
}
