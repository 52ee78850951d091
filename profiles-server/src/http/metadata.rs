//! What OPTIONS tells of a view: the shape of Django REST framework's `SimpleMetadata`.

use serde_json::{Map, Value, json};

use super::view::View;

/// One field of a form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormField {
    name: &'static str,
    kind: &'static str,
    required: bool,
    read_only: bool,
    label: &'static str,
    help_text: Option<&'static str>,
    min_length: Option<usize>,
    max_length: Option<usize>,
}

/// The fields of a form, in its order.
pub(crate) type Fields = &'static [FormField];

const fn field(name: &'static str, kind: &'static str, label: &'static str) -> FormField {
    let (help_text, min_length, max_length) = (None, None, None);
    FormField { name, kind, required: false, read_only: false, label, help_text, min_length, max_length }
}

impl FormField {
    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    const fn at_most(self, max_length: usize) -> Self {
        Self { max_length: Some(max_length), ..self }
    }

    fn to_json(self) -> Value {
        let mut object = Map::new();
        object.insert("type".into(), self.kind.into());
        object.insert("required".into(), self.required.into());
        object.insert("read_only".into(), self.read_only.into());
        object.insert("label".into(), self.label.into());
        if let Some(text) = self.help_text {
            object.insert("help_text".into(), text.into());
        }
        for (key, length) in [("min_length", self.min_length), ("max_length", self.max_length)] {
            length.map(|length| object.insert(key.into(), length.into()));
        }
        object.into()
    }
}

const USERNAME: FormField = FormField { min_length: Some(1), ..field("username", "string", "Username").at_most(150) };
const EMAIL: FormField = field("email", "email", "Email");
const PASSWORD1: FormField = field("password1", "string", "Password1").required();
const PASSWORD2: FormField = field("password2", "string", "Password2").required();

pub(crate) const REGISTRATION: Fields = &[USERNAME.required(), EMAIL.required(), PASSWORD1, PASSWORD2];

/// Where people log in by their address and need no name.
pub(crate) const REGISTRATION_BY_EMAIL: Fields = &[USERNAME, EMAIL.required(), PASSWORD1, PASSWORD2];

/// Where an address may be left out.
pub(crate) const REGISTRATION_WITHOUT_EMAIL: Fields = &[USERNAME.required(), EMAIL, PASSWORD1, PASSWORD2];

pub(crate) const PASSWORD_CHANGE: Fields = &[NEW_PASSWORD1, NEW_PASSWORD2];

/// Where the present password is asked for.
pub(crate) const PASSWORD_CHANGE_WITH_OLD: Fields =
    &[field("old_password", "string", "Old password").required().at_most(128), NEW_PASSWORD1, NEW_PASSWORD2];

const NEW_PASSWORD1: FormField = field("new_password1", "string", "New password1").required().at_most(128);
const NEW_PASSWORD2: FormField = field("new_password2", "string", "New password2").required().at_most(128);

pub(crate) const PASSWORD_RESET_CONFIRM: Fields = &[
    NEW_PASSWORD1,
    NEW_PASSWORD2,
    field("uid", "string", "Uid").required(),
    field("token", "string", "Token").required(),
];

pub(crate) const EMAIL_ADDRESS: Fields = &[EMAIL.required()];

/// The same, where accounts may have none.
pub(crate) const ANY_EMAIL_ADDRESS: Fields = &[EMAIL];

pub(crate) const VERIFY_EMAIL: Fields = &[field("key", "string", "Key").required()];

pub(crate) const EMAIL_CHANGE: Fields = &[EMAIL.required(), field("password", "string", "Password").required()];

pub(crate) const PERSONAL_TOKEN: Fields = &[
    field("name", "string", "Name").required().at_most(100),
    field("scopes", "list", "Scopes"),
    field("expires_at", "datetime", "Expires at"),
];

pub(crate) const LOGIN: Fields =
    &[field("username", "string", "Username"), EMAIL, field("password", "string", "Password").required()];

pub(crate) const USER: Fields = &[
    field("pk", "integer", "ID").read_only(),
    FormField {
        help_text: Some("Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only."),
        ..field("username", "string", "Username").required().at_most(150)
    },
    field("email", "email", "Email address").read_only(),
    field("first_name", "string", "First name").at_most(150),
    field("last_name", "string", "Last name").at_most(150),
];

pub(crate) const PROFILE: Fields = &[
    field("id", "integer", "ID").read_only(),
    field("user", "field", "User").read_only(),
    field("avatar", "image upload", "Avatar").read_only(),
    field("bio", "string", "Bio").at_most(240),
    field("city", "string", "City").at_most(30),
];

pub(crate) const AVATAR: Fields = &[field("avatar", "image upload", "Avatar").at_most(100)];

pub(crate) const STATUS: Fields = &[
    field("id", "integer", "ID").read_only(),
    field("user_profile", "field", "User profile").read_only(),
    field("status_content", "string", "Status content").required().at_most(240),
    field("created_at", "datetime", "Created at").read_only(),
    field("updated_at", "datetime", "Updated at").read_only(),
];

/// The body of the answer. `form` is what the caller could send, if they could; then it is described.
pub(crate) fn describe(view: &View, form: Option<(&str, Fields)>) -> Value {
    let mut body = json!({
        "name": view.name,
        "description": view.description,
        "renders": ["application/json", "text/html"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    });
    if let (Some((method, fields)), Some(object)) = (form, body.as_object_mut()) {
        let described: Map<String, Value> =
            fields.iter().map(|field| (field.name.to_owned(), field.to_json())).collect();
        object.insert("actions".into(), json!({ method: described }));
    }
    body
}
