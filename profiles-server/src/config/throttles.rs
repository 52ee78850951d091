//! What may not be tried too often.

use std::time::Duration;

use profiles_core::{Throttles as Limits, model};

use super::{limit::Limit, setting::settings};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);
const MONTH: Duration = Duration::from_hours(24 * 31);

settings! {
    /// What may not be tried too often, if `throttle` is on. A client is an IPv4 address or an IPv6 network of 64 bits.
    pub struct Throttles {
        /// Wrong passwords for one account by one client before it has to wait; "off" for no limit.
        "password_tries" => password_tries: Limit = Limit::At(10);
        /// The same by one client, whatever the account.
        "password_tries_per_client" => password_tries_per_client: Limit = Limit::At(100);
        /// Seconds to wait then before the next try; twice as many each time after that.
        "password_wait" => password_wait: Duration = Duration::from_secs(30), SECOND..=DAY;
        /// Seconds to wait at most.
        "password_wait_longest" => password_wait_longest: Duration = Duration::from_mins(15), SECOND..=DAY;
        /// Seconds without any try after which wrong passwords are forgotten.
        "password_forgotten_after" => password_forgotten_after: Duration = DAY, SECOND..=MONTH;
        /// Registrations by one client before it has to wait; "off" for no limit.
        "registrations_per_client" => registrations_per_client: Limit = Limit::At(60);
        /// Seconds between two registrations then.
        "registration_wait" => registration_wait: Duration = Duration::from_mins(1), SECOND..=DAY;
        /// Mails that one client may ask for (to reset a password, to confirm an address) before it has to wait; "off" for
        /// no limit.
        "mails_per_client" => mails_per_client: Limit = Limit::At(60);
        /// Mails that may be asked for to one address, whoever asks; beyond it no more are sent, which nobody is told.
        "mails_per_address" => mails_per_address: Limit = Limit::At(5);
        /// Seconds between two mails asked for by one client then.
        "mail_wait" => mail_wait: Duration = Duration::from_mins(1), SECOND..=DAY;
        /// Seconds between two mails to one address then.
        "mail_address_wait" => mail_address_wait: Duration = Duration::from_mins(10), SECOND..=DAY;
    }
}

impl Throttles {
    /// The limits that these settings say.
    pub(crate) fn limits(&self) -> Limits {
        let passwords = |tries| {
            let (first, longest) = (self.password_wait, self.password_wait_longest.max(self.password_wait));
            at(tries).map(|tries| model::Limit::new(tries, first, longest, self.password_forgotten_after))
        };
        let steady = |most, wait| at(most).map(|most| model::Limit::steady(most, wait));
        Limits {
            passwords_per_account: passwords(self.password_tries),
            passwords_per_client: passwords(self.password_tries_per_client),
            registrations: steady(self.registrations_per_client, self.registration_wait),
            mails_per_client: steady(self.mails_per_client, self.mail_wait),
            mails_per_address: steady(self.mails_per_address, self.mail_address_wait),
        }
    }
}

fn at(limit: Limit) -> Option<u32> {
    match limit {
        Limit::Off => None,
        Limit::At(most) => Some(most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_core() {
        assert_eq!(Throttles::default().limits(), Limits::default());
    }
}
