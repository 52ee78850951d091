//! What the mails say.

/// The words of django-allauth (MIT): clients and people know them.
const CONFIRM_EMAIL: &str = include_str!("templates/confirm_email.txt");

pub(super) const CONFIRM_EMAIL_SUBJECT: &str = "Please Confirm Your Email Address";

pub(super) fn confirm_email(site_name: &str, username: &str, link: &str) -> String {
    fill(CONFIRM_EMAIL, &[("site_name", site_name), ("username", username), ("link", link)])
}

/// Puts values in the places of their names, `{{ name }}`. What is in a value is not looked at again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut parts = template.trim_end().split("{{ ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" }}").unwrap_or((part, ""));
        text.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_taken_for_a_template() {
        let text = confirm_email("{{ link }}", "ada", "http://a/key/");
        assert!(text.starts_with("Hello from {{ link }}!\n"), "{text}");
        assert_eq!(text.matches("http://a/key/").count(), 1);
    }

    #[test]
    fn every_place_of_a_template_is_filled() {
        let text = confirm_email("SITE", "USER", "LINK");
        assert!(!text.contains(['{', '}']), "{text}");
        assert_eq!((text.matches("SITE").count(), text.matches("USER").count()), (4, 1));
    }
}
