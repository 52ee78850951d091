//! What is wrong with a request's fields, all of it at once.

use std::fmt;

/// Names of the fields that a person can get wrong; the wire uses the same names.
pub mod name {
    /// Picture of a profile.
    pub const AVATAR: &str = "avatar";
    /// Biography of a profile.
    pub const BIO: &str = "bio";
    /// City of a profile.
    pub const CITY: &str = "city";
    /// E-mail address of an account.
    pub const EMAIL: &str = "email";
    /// When a personal token ends.
    pub const EXPIRES_AT: &str = "expires_at";
    /// Given name of an account.
    pub const FIRST_NAME: &str = "first_name";
    /// Key that was mailed to confirm an address.
    pub const KEY: &str = "key";
    /// Family name of an account.
    pub const LAST_NAME: &str = "last_name";
    /// Name of a personal token.
    pub const NAME: &str = "name";
    /// A new password.
    pub const NEW_PASSWORD1: &str = "new_password1";
    /// A new password, repeated.
    pub const NEW_PASSWORD2: &str = "new_password2";
    /// Errors that belong to no single field.
    pub const NON_FIELD_ERRORS: &str = "non_field_errors";
    /// The present password, when it is changed.
    pub const OLD_PASSWORD: &str = "old_password";
    /// Password at login, and where it is asked for again.
    pub const PASSWORD: &str = "password";
    /// Password at registration.
    pub const PASSWORD1: &str = "password1";
    /// Password at registration, repeated.
    pub const PASSWORD2: &str = "password2";
    /// What a personal token may do.
    pub const SCOPES: &str = "scopes";
    /// Text of a status.
    pub const STATUS_CONTENT: &str = "status_content";
    /// Key that was mailed to reset a password.
    pub const TOKEN: &str = "token";
    /// Account that a password is reset of.
    pub const UID: &str = "uid";
    /// Username of an account.
    pub const USERNAME: &str = "username";
}

/// One thing that is wrong with one field.
///
/// `Display` is the message a client sees: the texts of Django, Django REST framework and dj-rest-auth, which
/// existing front ends match on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The field is absent.
    #[error("This field is required.")]
    Required,
    /// The field is `null`.
    #[error("This field may not be null.")]
    Null,
    /// The field is empty, or only white space.
    #[error("This field may not be blank.")]
    Blank,
    /// The field is neither text nor a number.
    #[error("Not a valid string.")]
    NotText,
    /// More than `max` Unicode code points.
    #[error("Ensure this field has no more than {max} characters.")]
    TooLong {
        /// The most that is allowed.
        max: usize,
    },
    /// U+0000 in the text: PostgreSQL can't store it, and C libraries cut the text there.
    #[error("Null characters are not allowed.")]
    NullCharacter,
    /// A UTF-16 surrogate on its own, which no Unicode text can hold.
    #[error("Surrogate characters are not allowed: U+{0:X}.")]
    Surrogate(u16),
    /// The username has a character outside Django's `[\w.@+-]`.
    #[error("Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.")]
    InvalidUsername,
    /// The username belongs to another account (case is ignored).
    #[error("A user with that username already exists.")]
    UsernameTaken,
    /// Not an e-mail address as Django's `EmailValidator` sees it.
    #[error("Enter a valid email address.")]
    InvalidEmail,
    /// Another account has verified this address.
    #[error("User is already registered with this e-mail address.")]
    EmailTaken,
    /// The password breaks a rule of the password policy.
    #[error(transparent)]
    Password(#[from] crate::password::PolicyViolation),
    /// `password1` and `password2` differ.
    #[error("The two password fields didn't match.")]
    PasswordMismatch,
    /// Unknown account, wrong password, inactive account: one message for all, so that it reveals nothing.
    #[error("Unable to log in with provided credentials.")]
    WrongCredentials,
    /// Login without a username or without a password.
    #[error("Must include \"username\" and \"password\".")]
    CredentialsRequired,
    /// Login without an address or without a password, where addresses are what people log in with.
    #[error("Must include \"email\" and \"password\".")]
    EmailCredentialsRequired,
    /// The same, where either will do.
    #[error("Must include either \"username\" or \"email\" and \"password\".")]
    EitherCredentialsRequired,
    /// `new_password1` and `new_password2` differ: Django's form has another apostrophe than dj-rest-auth's registration.
    #[error("The two password fields didn’t match.")]
    NewPasswordMismatch,
    /// The present password, asked for before it is changed, is another.
    #[error("Your old password was entered incorrectly. Please enter it again.")]
    WrongOldPassword,
    /// The present password, asked for before something that can't be undone, is another.
    #[error("The password is not correct.")]
    WrongPassword,
    /// A mailed account number or key that is unknown, used or too old.
    #[error("Invalid value")]
    InvalidKey,
    /// The address is the account's already.
    #[error("This is your e-mail address already.")]
    SameEmail,
    /// More items in a list than are read.
    #[error("Ensure this field has no more than {0} elements.")]
    TooManyItems(usize),
    /// No list of texts.
    #[error("Expected a list of items.")]
    NotAList,
    /// No scope of this name.
    #[error("{0:?} is not a scope. Choose from read, account:read, profile:write and status:write.")]
    UnknownScope(String),
    /// No moment.
    #[error("Enter a moment like 2027-01-31T00:00:00Z.")]
    InvalidMoment,
    /// A moment that is over.
    #[error("Choose a moment in the future.")]
    PastMoment,
    /// More than one account may have.
    #[error("You have {max} tokens, and no more are allowed. Revoke one first.")]
    TooManyTokens {
        /// The most that is allowed.
        max: usize,
    },
    /// Neither a file, nor nothing.
    #[error("The submitted data was not a file. Check the encoding type on the form.")]
    NotAFile,
    /// A file without content.
    #[error("The submitted file is empty.")]
    EmptyFile,
    /// More bytes in a file than are read.
    #[error("Ensure this file has no more than {max} bytes.")]
    FileTooLarge {
        /// The most that is allowed.
        max: usize,
    },
    /// A file's name that could steer a terminal, or be cut short.
    #[error("A file name may not have control characters.")]
    InvalidFileName,
    /// More code points in a file's name than are allowed.
    #[error("Ensure this filename has at most {max} characters (it has {length}).")]
    FileNameTooLong {
        /// The most that is allowed.
        max: usize,
        /// How many it has.
        length: usize,
    },
    /// A file's name that does not end as those of images do.
    #[error("File extension “{extension}” is not allowed. Allowed extensions are: {allowed}.")]
    ExtensionNotAllowed {
        /// How it ends.
        extension: String,
        /// How it may end.
        allowed: &'static str,
    },
    /// Not an image of a kind that is read, or a broken one.
    #[error("Upload a valid image. The file you uploaded was either not an image or a corrupted image.")]
    NotAnImage,
    /// An image, and something else behind it.
    #[error("The file does not end where its image ends. Save the image anew and upload that.")]
    MoreThanAnImage,
    /// More pixels, or more memory for them, than are decoded.
    #[error("Ensure this image has no more than {max} pixels.")]
    TooManyPixels {
        /// The most that is allowed.
        max: u64,
    },
    /// A longer animation than is read.
    #[error("Ensure this image has no more than {max} frames.")]
    TooManyFrames {
        /// The most that is allowed.
        max: usize,
    },
    /// The account's address must be verified before it can log in.
    #[error("E-mail is not verified.")]
    EmailUnverified,
}

/// What the edge made of one field: its value, or all that is wrong with it.
pub type Field<T> = Result<T, Vec<FieldError>>;

/// Every error of every field, in the order in which the fields were looked at.
///
/// ```
/// use profiles_core::{FieldError, FieldErrors};
///
/// let mut errors = FieldErrors::new();
/// errors.add("bio", FieldError::TooLong { max: 240 });
/// errors.add("bio", FieldError::NullCharacter);
/// assert_eq!(errors.get("bio").len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(&'static str, Vec<FieldError>)>);

impl FieldErrors {
    /// No errors yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One error of one field.
    pub fn of(field: &'static str, error: FieldError) -> Self {
        Self(vec![(field, vec![error])])
    }

    /// All that is wrong with one field: what a value's `parse` says, with the name of the field it was for.
    pub fn of_field(field: &'static str, errors: Vec<FieldError>) -> Self {
        let mut all = Self::new();
        all.extend(field, errors);
        all
    }

    /// Adds an error to a field.
    pub fn add(&mut self, field: &'static str, error: FieldError) {
        self.extend(field, vec![error]);
    }

    /// Adds several errors to a field; none if `errors` is empty.
    pub fn extend(&mut self, field: &'static str, errors: Vec<FieldError>) {
        if errors.is_empty() {
            return;
        }
        match self.0.iter_mut().find(|(name, _)| *name == field) {
            Some((_, known)) => known.extend(errors),
            None => self.0.push((field, errors)),
        }
    }

    /// Keeps the value of a field that parsed, or notes why it did not.
    pub fn check<T>(&mut self, field: &'static str, parsed: Field<T>) -> Option<T> {
        parsed.map_err(|errors| self.extend(field, errors)).ok()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Err(self)` if anything is wrong.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The errors of one field; empty if it has none.
    pub fn get(&self, field: &str) -> &[FieldError] {
        self.0.iter().find(|(name, _)| *name == field).map_or(&[], |(_, errors)| errors)
    }

    /// Fields and their errors, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[FieldError])> {
        self.0.iter().map(|(name, errors)| (*name, errors.as_slice()))
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (field, errors) in &self.0 {
            for error in errors {
                write!(f, "{separator}{field}: {error}")?;
                separator = "; ";
            }
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}
