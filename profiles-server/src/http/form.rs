//! Request bodies as forms: JSON, urlencoded and multipart look the same to an operation.

mod multipart;
mod parts;
pub(crate) mod upload;

use std::borrow::Cow;

use poem::Body;
use profiles_core::fields::{Field, FieldError};

use self::multipart::Part;
use super::{
    body::{Bodies, WholeBody},
    error::ApiError,
    json::{self, Json, Text},
    media::MediaType,
    python, query,
};

/// Form fields that are read at most; Django's `DATA_UPLOAD_MAX_NUMBER_FIELDS`.
const MAX_FIELDS: usize = 1000;

/// The field `csrfmiddlewaretoken` of a form; nothing if the body is of another type.
///
/// # Errors
/// The body can't be read, of whatever type it is.
pub(crate) fn csrf_token(content_type: &str, bytes: &[u8]) -> Result<Option<String>, ApiError> {
    let form = Form::parse(content_type, bytes);
    Ok(match form {
        Err(ApiError::NotAnObject(_) | ApiError::NoData) => None,
        form => form?.html_text("csrfmiddlewaretoken"),
    })
}

/// The bytes of a body. One of a type that is not read is refused as soon as it holds anything, however large it is.
///
/// # Errors
/// It is of such a type, too large, or breaks off; or too many are being read.
pub(crate) async fn bytes(content_type: &str, body: Body, bodies: &Bodies) -> Result<WholeBody, ApiError> {
    if Kind::of(content_type).is_some() {
        bodies.read(body).await
    } else if Bodies::is_empty(body).await? {
        Ok(WholeBody::default())
    } else {
        Err(ApiError::MediaType(content_type.to_owned()))
    }
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Json,
    Urlencoded,
    Multipart,
}

impl Kind {
    /// By its type; `None` for what is not read.
    fn of(content_type: &str) -> Option<Self> {
        let media = MediaType::parse(content_type);
        let kinds = [
            ("application", "json", Self::Json),
            ("application", "x-www-form-urlencoded", Self::Urlencoded),
            ("multipart", "form-data", Self::Multipart),
        ];
        kinds.into_iter().find(|(main, sub, _)| media.covers(main, sub)).map(|(.., kind)| kind)
    }
}

/// The fields of a body.
#[derive(Debug, Default)]
pub(crate) struct Form {
    values: Vec<(String, Value)>,
    /// Whether it came from an HTML form, where a blank field may mean that it was left out.
    is_html: bool,
}

#[derive(Debug)]
enum Value {
    Json(Json),
    File,
}

impl Value {
    fn text(text: String) -> Self {
        Self::Json(Json::Text(Text { text, surrogate: None }))
    }
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Required,
    /// Required, but this is a PATCH.
    Patched,
    Optional,
}

/// How a text field is treated; the vocabulary is Django REST framework's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextField {
    name: &'static str,
    presence: Presence,
    allow_blank: bool,
    is_email: bool,
}

impl TextField {
    pub(crate) const fn required(name: &'static str) -> Self {
        Self { name, presence: Presence::Required, allow_blank: false, is_email: false }
    }

    /// A required field, in a PATCH: it may be absent, but not blank.
    pub(crate) const fn patched(name: &'static str) -> Self {
        Self { presence: Presence::Patched, ..Self::required(name) }
    }

    pub(crate) const fn optional(name: &'static str) -> Self {
        Self { presence: Presence::Optional, ..Self::required(name) }
    }

    pub(crate) const fn allow_blank(self) -> Self {
        Self { allow_blank: true, ..self }
    }

    /// An address, which says so whatever is wrong with its type.
    pub(crate) const fn email(self) -> Self {
        Self { is_email: true, ..self }
    }
}

impl Form {
    /// Reads bytes of this type.
    pub(crate) fn parse(content_type: &str, bytes: &[u8]) -> Result<Self, ApiError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        match Kind::of(content_type) {
            Some(Kind::Json) => Self::from_json(json::parse(bytes)?),
            Some(Kind::Urlencoded) => Self::from_pairs(form_urlencoded::parse(&query::readable(bytes))),
            Some(Kind::Multipart) => Ok(Self::from_parts(multipart::parse(content_type, bytes)?)),
            None => Err(ApiError::MediaType(content_type.to_owned())),
        }
    }

    fn from_json(json: Json) -> Result<Self, ApiError> {
        match json {
            Json::Object(members) => {
                let values = members.into_iter().map(|(name, value)| (name, Value::Json(value))).collect();
                Ok(Self { values, is_html: false })
            }
            Json::Null => Err(ApiError::NoData),
            other => Err(ApiError::NotAnObject(other.python_type())),
        }
    }

    fn from_pairs<'a>(pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Result<Self, ApiError> {
        let pairs = pairs.map(|(name, value)| (name.into_owned(), Value::text(value.into_owned())));
        let values: Vec<_> = pairs.take(MAX_FIELDS + 1).collect();
        if values.len() > MAX_FIELDS {
            Err(ApiError::TooManyFields(MAX_FIELDS))
        } else {
            Ok(Self { values, is_html: true })
        }
    }

    fn from_parts(parts: Vec<(String, Part)>) -> Self {
        let value = |part| match part {
            Part::Text(text) => Value::text(text),
            Part::File => Value::File,
        };
        Self { values: parts.into_iter().map(|(name, part)| (name, value(part))).collect(), is_html: true }
    }

    /// The last value of this name.
    fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A text that came from an HTML form, whatever it says.
    fn html_text(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Some(Value::Json(Json::Text(text))) if self.is_html => Some(text.text.clone()),
            _ => None,
        }
    }

    /// A field's text without the white space around it, if it is one; U+FFFD stands for a lone surrogate.
    pub(crate) fn trimmed_text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Json(Json::Text(text))) => Some(python::strip(&text.text)),
            _ => None,
        }
    }

    /// A field that may be absent, parsed.
    pub(crate) fn text<T>(&self, field: TextField, parse: impl Fn(&str) -> Field<T>) -> Field<Option<T>> {
        let is_required = field.presence == Presence::Required;
        let absent = || if is_required { Err(vec![FieldError::Required]) } else { Ok(None) };
        let not_text = if field.is_email { FieldError::InvalidEmail } else { FieldError::NotText };
        let text = match self.get(field.name) {
            None => return absent(),
            Some(Value::Json(Json::Null)) => return Err(vec![FieldError::Null]),
            Some(Value::File | Value::Json(Json::Bool | Json::List { .. } | Json::Object(_))) => {
                return Err(vec![not_text]);
            }
            Some(Value::Json(Json::Number { text, .. })) => &Text { text: text.clone(), surrogate: None },
            Some(Value::Json(Json::Text(text))) => text,
        };
        if self.is_html && text.text.is_empty() && field.presence == Presence::Optional && !field.allow_blank {
            return Ok(None);
        }
        let trimmed = python::strip(&text.text);
        if trimmed.is_empty() && !field.allow_blank {
            return Err(vec![FieldError::Blank]);
        }
        match text.surrogate {
            None => parse(trimmed).map(Some),
            Some(surrogate) => Err(with_surrogate(parse(trimmed), surrogate)),
        }
    }

    /// A field that is a list of texts and may be absent, each parsed; a form repeats its name.
    pub(crate) fn texts<T>(&self, name: &'static str, parse: impl Fn(&str) -> Field<T>) -> Field<Option<Vec<T>>> {
        let items: Vec<&Value> = match self.get(name) {
            None => return Ok(None),
            Some(Value::Json(Json::Null)) => return Err(vec![FieldError::Null]),
            Some(Value::Json(Json::List { more: true, .. })) => {
                return Err(vec![FieldError::TooManyItems(json::MAX_ITEMS)]);
            }
            Some(Value::Json(Json::List { items, .. })) => {
                return items.iter().map(|item| item_text(item, &parse)).collect::<Field<_>>().map(Some);
            }
            Some(_) if self.is_html => {
                self.values.iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect()
            }
            Some(_) => return Err(vec![FieldError::NotAList]),
        };
        let texts = items.into_iter().map(|value| match value {
            Value::Json(json) => item_text(json, &parse),
            Value::File => Err(vec![FieldError::NotText]),
        });
        texts.collect::<Field<_>>().map(Some)
    }

    /// A field that must be there, parsed.
    pub(crate) fn required<T>(&self, name: &'static str, parse: impl Fn(&str) -> Field<T>) -> Field<T> {
        self.text(TextField::required(name), parse)?.ok_or_else(|| vec![FieldError::Required])
    }
}

/// An item of a list of texts.
fn item_text<T>(item: &Json, parse: impl Fn(&str) -> Field<T>) -> Field<T> {
    match item {
        Json::Text(Text { text, surrogate: None }) => parse(python::strip(text)),
        Json::Text(Text { surrogate: Some(surrogate), .. }) => Err(vec![FieldError::Surrogate(*surrogate)]),
        _ => Err(vec![FieldError::NotText]),
    }
}

/// What a text field says of a lone surrogate, in the order of its validators: length, NUL, surrogate, address.
fn with_surrogate<T>(parsed: Field<T>, surrogate: u16) -> Vec<FieldError> {
    let mut errors = parsed.err().unwrap_or_default();
    errors.retain(|error| !matches!(error, FieldError::InvalidUsername | FieldError::Blank));
    let at = errors.iter().position(|error| *error == FieldError::InvalidEmail).unwrap_or(errors.len());
    errors.insert(at, FieldError::Surrogate(surrogate));
    errors
}

#[cfg(test)]
mod tests {
    use profiles_core::model::{City, Email, Username};

    use super::*;

    fn form(content_type: &str, body: &str) -> Form {
        Form::parse(content_type, body.as_bytes()).unwrap()
    }

    const JSON: &str = "application/json; charset=nope";
    const URLENCODED: &str = "application/x-www-form-urlencoded";

    #[test]
    fn the_last_of_several_values_wins_in_every_kind_of_body() {
        let multipart = "--b\r\nContent-Disposition: form-data; name=\"city\"\r\n\r\nRome\r\n--b\r\n\
                         Content-Disposition: form-data; name=\"city\"\r\n\r\nOslo\r\n--b--\r\n";
        for (content_type, body) in [
            (JSON, r#"{"city": "Rome", "city": "Oslo"}"#),
            (URLENCODED, "city=Rome&city=%20Oslo+"),
            ("multipart/form-data; boundary=b", multipart),
        ] {
            let city = form(content_type, body).required("city", City::parse).unwrap();
            assert_eq!(city.as_str(), "Oslo");
        }
    }

    #[test]
    fn what_is_no_text_is_told_as_the_original_tells_it() {
        for (value, error) in [
            ("null", FieldError::Null),
            ("true", FieldError::NotText),
            ("[1]", FieldError::NotText),
            ("{}", FieldError::NotText),
            (r#""  ""#, FieldError::Blank),
            (r#""\u001c\u00a0""#, FieldError::Blank),
            (r#""\ud800""#, FieldError::Surrogate(0xd800)),
        ] {
            let form = form(JSON, &format!(r#"{{"username": {value}}}"#));
            assert_eq!(form.required("username", Username::parse), Err(vec![error]), "{value}");
        }
        let form = form(JSON, r#"{"email": "a\u0000\ud800"}"#);
        let errors = [FieldError::NullCharacter, FieldError::Surrogate(0xd800), FieldError::InvalidEmail];
        assert_eq!(form.required("email", Email::parse).unwrap_err(), errors);
    }

    #[test]
    fn a_blank_field_of_an_html_form_may_mean_that_it_was_left_out() {
        let blank = form(URLENCODED, "city=&bio=");
        assert_eq!(blank.text(TextField::optional("city"), City::parse), Ok(None));
        let allowed = TextField::optional("bio").allow_blank();
        assert_eq!(blank.text(allowed, City::parse), Ok(Some(City::default())));
        assert_eq!(blank.text(TextField::required("city"), City::parse), Err(vec![FieldError::Blank]));
        let json = form(JSON, r#"{"city": ""}"#);
        assert_eq!(json.text(TextField::optional("city"), City::parse), Err(vec![FieldError::Blank]));
    }

    #[test]
    fn lists_are_read_from_json_and_from_forms() {
        let read = |form: Form| form.texts("city", City::parse).map(|cities| cities.map(|all| all.len()));
        assert_eq!(read(form(JSON, r#"{"city": ["Rome", " Oslo "]}"#)), Ok(Some(2)));
        assert_eq!(read(form(JSON, r#"{"city": []}"#)), Ok(Some(0)));
        assert_eq!(read(form(JSON, "{}")), Ok(None));
        assert_eq!(read(form(URLENCODED, "city=Rome&city=Oslo&bio=x")), Ok(Some(2)));
        for (json, error) in [
            (r#"{"city": "Rome"}"#, FieldError::NotAList),
            (r#"{"city": null}"#, FieldError::Null),
            (r#"{"city": [1]}"#, FieldError::NotText),
            (r#"{"city": [["Rome"]]}"#, FieldError::NotText),
            (r#"{"city": ["\ud800"]}"#, FieldError::Surrogate(0xd800)),
        ] {
            assert_eq!(read(form(JSON, json)), Err(vec![error]), "{json}");
        }
        let many = format!(r#"{{"city": [{}1]}}"#, "1,".repeat(100_000));
        assert_eq!(read(form(JSON, &many)), Err(vec![FieldError::TooManyItems(100)]));
    }

    #[test]
    fn hostile_bodies_are_refused() {
        for (content_type, body, message) in [
            ("text/plain", "x", "Unsupported media type \"text/plain\" in request."),
            ("", "x", "Unsupported media type \"\" in request."),
            ("multipart/form-data", "x", "Multipart form parse error - Invalid boundary in multipart: None"),
            (JSON, "[]", "Invalid data. Expected a dictionary, but got list."),
            (JSON, "1.5", "Invalid data. Expected a dictionary, but got float."),
            (JSON, "null", "No data provided"),
        ] {
            let error = Form::parse(content_type, body.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        let many = "a=1&".repeat(1001);
        assert!(matches!(Form::parse(URLENCODED, many.as_bytes()), Err(ApiError::TooManyFields(1000))));
        let wrong = Form::parse("multipart/form-data; boundary=zzz", b"abc").unwrap();
        assert!(wrong.values.is_empty());
    }
}
