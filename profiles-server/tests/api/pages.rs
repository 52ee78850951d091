//! The pages that mailed links lead to.

mod confirm_email;
mod hostile;
mod new_password;
mod site;
