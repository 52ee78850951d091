use super::*;

fn words(kind: MailKind) -> Words {
    samples(kind).remove(0)
}

#[test]
fn every_mail_has_its_words_in_text_and_in_html() {
    let templates = Templates::built_in().unwrap();
    for kind in MailKind::ALL {
        let written = templates.write(&words(kind)).unwrap();
        assert!(written.text.starts_with("Hello from example.com!\n\n"), "{written:?}");
        assert!(written.text.ends_with("Thank you for using example.com!\nexample.com"), "{written:?}");
        assert!(written.html.starts_with("<!doctype html>\n<html lang=\"en\">") && written.html.ends_with("</html>"));
        assert!(written.html.contains(&format!("<title>{}</title>", written.subject)), "{}", written.html);
        for (form, text) in [("text", &written.text), ("html", &written.html)] {
            assert!(text.contains("ada") && !text.contains(['{', '}']) || form == "html", "{kind} {text}");
            assert!(!text.contains("{{") && !text.contains("{%"), "{kind} {text}");
            assert!(text.is_ascii() && text.lines().all(|line| line.len() < 200), "{kind} {form}");
        }
        // Nothing is fetched when the mail is read.
        for remote in ["src=", "url(", "<img", "<script", "@import", "<table"] {
            assert!(!written.html.contains(remote), "{kind} {remote}");
        }
    }
}

/// django-allauth's words.
#[test]
fn a_mail_for_a_new_password_is_that_of_django() {
    let written = Templates::built_in().unwrap().write(&words(MailKind::ResetPassword)).unwrap();
    assert_eq!(written.subject, "Password Reset Email");
    assert_eq!(
        written.text,
        "Hello from example.com!\n\n\
         You're receiving this email because you or someone else has requested a password reset for your user account.\n\
         It can be safely ignored if you did not request a password reset. Click the link below to reset your password.\n\n\
         https://profiles.example/a/b/\n\n\
         In case you forgot, your username is ada.\n\n\
         Thank you for using example.com!\nexample.com"
    );
}

#[test]
fn a_login_is_told_with_what_is_known_of_it() {
    let templates = Templates::built_in().unwrap();
    let [all, nothing] = samples(MailKind::NewLogin).try_into().unwrap();
    let text = templates.write(&all).unwrap().text;
    let known = "\nWhen: 22 November 2026, 22:43 UTC\nAddress: 192.0.2.1\nProgram: curl/8\n\nIf that";
    assert!(text.contains(known), "{text}");
    let text = templates.write(&nothing).unwrap().text;
    assert!(text.contains("\nWhen: 22 November 2026, 22:43 UTC\n\nIf that"), "{text}");
}

#[test]
fn a_value_is_never_taken_for_a_template_or_for_html() {
    let templates = Templates::built_in().unwrap();
    let hostile = "{{ link }}<script>\"'&";
    for kind in MailKind::ALL {
        let mut words = Words { site_name: hostile.into(), username: hostile.into(), ..words(kind) };
        if let About::Login { address, agent, .. } = &mut words.about {
            (*address, *agent) = (hostile.into(), hostile.into());
        }
        let written = templates.write(&words).unwrap();
        assert!(written.text.starts_with(&format!("Hello from {hostile}!\n")), "{}", written.text);
        assert!(!written.html.contains("<script") && written.html.contains("&lt;script&gt;"), "{}", written.html);
    }
    let link = "https://a.example/?a=1&b=\"><script>";
    let words = Words { about: About::Link(link.to_owned()), ..words(MailKind::ConfirmEmail) };
    let written = templates.write(&words).unwrap();
    assert!(written.text.contains(&format!("go to {link}\n")), "{}", written.text);
    assert!(
        written.html.contains("href=\"https://a.example/?a=1&amp;b=&quot;&gt;&lt;script&gt;\""),
        "{}",
        written.html
    );
}

/// Templates with these files of an operator's.
fn with(files: &[(&str, &str)]) -> Result<Templates, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let shorten = |error: TemplateError| error.to_string().replace(&format!("{}/", folder.path().display()), "");
    Templates::load(folder.path()).map_err(shorten)
}

#[test]
fn an_operator_replaces_one_file_and_the_rest_stays() {
    let own = [
        ("confirm_email.subject.txt", "Willkommen,\r\n {{ username }}"),
        ("confirm_email.txt", "{% include 'greeting.txt' %}\r\n{{ link }}\r\n"),
        ("greeting.txt", "Hallo {{ username }}"),
        (".hidden.txt", "{{"),
        ("notes.md", "{{"),
    ];
    let templates = with(&own).unwrap();
    let written = templates.write(&words(MailKind::ConfirmEmail)).unwrap();
    assert_eq!(written.subject, "Willkommen, ada");
    assert_eq!(written.text, "Hallo ada\nhttps://profiles.example/a/b/");
    assert!(written.html.contains("<title>Willkommen, ada</title>"), "{}", written.html);
    let other = templates.write(&words(MailKind::ResetPassword)).unwrap();
    assert_eq!(other.subject, "Password Reset Email");
    let layout = with(&[("layout.html", "<main>{% block content %}{% endblock %}</main>")]).unwrap();
    assert!(layout.write(&words(MailKind::NewLogin)).unwrap().html.starts_with("<main>"));
}

#[test]
fn a_broken_template_is_told_with_its_file_and_line() {
    for (name, text, told) in [
        ("confirm_email.txt", "{{ link }}\n\n{{ usernam }}", "mail template confirm_email.txt:3: "),
        ("confirm_email.txt", "a\n{% if %}", "mail template confirm_email.txt:2: "),
        ("confirm_email.txt", "no link", "mail template confirm_email.txt:1: it does not hold {{ link }}"),
        ("confirm_email.html", "<p>", "mail template confirm_email.html:1: it does not hold {{ link }}"),
        ("password_changed.txt", "\n{{ link }}", "mail template password_changed.txt:2: "),
        ("new_login.subject.txt", "\n \n", "mail template new_login.subject.txt:1: it says nothing"),
        ("button.html", "{{ link }}\n{{ nothing }}", "mail template button.html:2: "),
        ("extra.txt", "\n\n\n{{ x", "mail template extra.txt:4: "),
        ("email_changed.html", "{% extends 'none.html' %}", "mail template email_changed.html:1: "),
    ] {
        let error = with(&[(name, text)]).unwrap_err();
        assert!(error.starts_with(told) && !error.contains('\n'), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("new_login.txt"), b"\xff").unwrap();
    let error = Templates::load(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("new_login.txt: it is not UTF-8 text"), "{error}");
    let error = Templates::load(&folder.path().join("none")).unwrap_err().to_string();
    assert!(error.starts_with("can't read mail templates from ") && error.contains("none: No such file"), "{error}");
}
