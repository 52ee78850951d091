//! Pictures of people.

use std::time::Duration;

use super::write_fresh;
use crate::{
    Core, Error, FieldError, FieldErrors, Kind, Result,
    avatar::Picture,
    fields::name,
    model::{AuditEvent, AvatarFile, AvatarId, Profile},
    permissions::{Action, Actor, Denied, Object},
    store::ProfileChange,
};

/// Characters of a file's name at most, as Django's `ImageField` has it.
const MAX_NAME: usize = 100;

/// How long a file stays that nobody points at. Collecting is safe without it within one process; it keeps a second one,
/// which should not be there, from taking away what the first is about to point at.
const SPARED: Duration = Duration::from_hours(1);

/// Names that may end so. The list is that of the original, so that its message is; what a file is, its content says.
const EXTENSIONS: &str = "bmp, dib, gif, jfif, jpe, jpg, jpeg, pbm, pgm, ppm, pnm, pfm, png, apng, avif, avifs, blp, \
                          bufr, cur, pcx, dcx, dds, ps, eps, fit, fits, fli, flc, ftc, ftu, gbr, grib, h5, hdf, jp2, \
                          j2k, jpc, jpf, jpx, j2c, icns, ico, im, iim, mpg, mpeg, tif, tiff, mpo, msp, palm, pcd, pdf, \
                          pxr, psd, qoi, bw, rgb, rgba, sgi, ras, tga, icb, vda, vst, webp, wmf, emf, xbm, xpm";

/// A file that somebody sends as their picture.
#[derive(Clone, PartialEq, Eq)]
pub struct AvatarUpload {
    /// What they call it. Nothing is ever named after it.
    pub file_name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// Not the picture.
impl std::fmt::Debug for AvatarUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file_name, content } = self;
        f.debug_struct("AvatarUpload").field("file_name", file_name).field("bytes", &content.len()).finish()
    }
}

/// The proof that somebody may change their picture, and the way to do it.
#[derive(Debug)]
pub struct AvatarEditor<'a> {
    core: &'a Core,
    actor: Actor,
    profile: Profile,
}

impl Core {
    /// Opens the actor's own profile for another picture. Staff edit what others write, and not what they look like.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn edit_avatar(&self, actor: Actor) -> Result<AvatarEditor<'_>> {
        let account = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, Action::Update, Object::Profile { owner: account })?;
        let profile = self.store.profile_of(account).await?.ok_or(Error::Missing(Kind::Profile))?;
        Ok(AvatarEditor { core: self, actor, profile })
    }

    /// Gives the actor's own profile a picture: [`Core::edit_avatar`] and [`AvatarEditor::set`] in one.
    ///
    /// # Errors
    /// Those of both.
    pub async fn set_avatar(&self, actor: Actor, upload: AvatarUpload) -> Result<Profile> {
        self.edit_avatar(actor).await?.set(upload).await
    }

    /// A file of a picture, for whoever knows its name; `None` if there is none. Pictures are as public as their links.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn avatar_file(&self, file: AvatarFile) -> Result<Option<Vec<u8>>> {
        self.studio.files.get(file).await.map_err(|error| Error::Unavailable(error.into()))
    }

    /// Removes files that nobody points at and that were put more than an hour ago; answers how many pictures went. Files
    /// come to be so when a process ends between keeping them and pointing at them.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn collect_avatars(&self) -> Result<usize> {
        let before = self.clock.now().minus(SPARED);
        let mut removed = 0;
        for first in 0..=u8::MAX {
            let files = self.studio.files.list(first).await.map_err(|error| Error::Unavailable(error.into()))?;
            let mut old: Vec<_> =
                files.into_iter().filter(|(_, at)| *at < before).map(|(file, _)| file.avatar).collect();
            old.sort_unstable();
            old.dedup();
            for avatar in old {
                removed += usize::from(self.remove_unused(avatar).await?);
            }
        }
        Ok(removed)
    }

    /// Removes the files of a picture that somebody no longer shows, unless somebody else does. If that fails, a sweep
    /// will do it.
    pub(super) async fn discard_avatar(&self, avatar: Option<AvatarId>) {
        let Some(avatar) = avatar else { return };
        if let Err(error) = self.remove_unused(avatar).await {
            tracing::warn!(%error, "the files of a picture could not be removed yet");
        }
    }

    /// Answers whether it was unused. Nobody can point at it in between; for that this goes on, though the caller may go
    /// away.
    async fn remove_unused(&self, avatar: AvatarId) -> Result<bool> {
        let core = self.clone();
        let removing = tokio::spawn(async move {
            let _alone = core.studio.removing().await;
            if core.store.avatar_in_use(avatar).await? {
                return Ok(false);
            }
            for file in AvatarFile::all_of(avatar) {
                core.studio.files.remove(file).await.map_err(|error| Error::Unavailable(error.into()))?;
            }
            Ok(true)
        });
        removing.await.map_err(|failure| Error::Unavailable(failure.into()))?
    }

    /// Keeps the files of a picture, and then points the profile at them.
    async fn show(&self, actor: Actor, profile: Profile, picture: Picture) -> Result<Profile> {
        let _pointing = self.studio.pointing().await;
        let id = picture.id;
        for (size, content) in picture.into_files() {
            let put = self.studio.files.put(AvatarFile { avatar: id, size }, content, self.clock.now());
            put.await.map_err(|error| Error::Unavailable(error.into()))?;
        }
        self.point(actor, profile, Some(id)).await
    }

    async fn point(&self, actor: Actor, profile: Profile, avatar: Option<AvatarId>) -> Result<Profile> {
        let id = profile.id;
        let read = || async move { self.store.profile(id).await?.ok_or(Error::Missing(Kind::Profile)) };
        let write = |profile: Profile| {
            let change = ProfileChange { avatar: Some(avatar), ..ProfileChange::default() };
            let stamp = self.stamp_of(AuditEvent::ProfileEdit, actor, profile.account, id.get());
            self.store.update_profile(id, profile.revision, change, stamp)
        };
        write_fresh(Kind::Profile, profile, read, write).await
    }
}

impl AvatarEditor<'_> {
    /// The profile as it was when it was opened.
    pub fn current(&self) -> &Profile {
        &self.profile
    }

    /// Shows this picture from now on. The former one goes, unless somebody else shows it too.
    ///
    /// # Errors
    /// [`Error::Invalid`]: what is wrong with the file. [`Error::Busy`] if too many pictures are being made.
    pub async fn set(self, upload: AvatarUpload) -> Result<Profile> {
        let Self { core, actor, profile } = self;
        let rules = core.settings.avatars;
        let AvatarUpload { file_name, content } = upload;
        let invalid = |error| Error::from(FieldErrors::of(name::AVATAR, error));
        if content.is_empty() {
            return Err(invalid(FieldError::EmptyFile));
        }
        if content.len() > rules.max_bytes {
            return Err(invalid(FieldError::FileTooLarge { max: rules.max_bytes }));
        }
        check_length(&file_name).map_err(invalid)?;
        let picture = core.studio.develop(content, rules).await?;
        check_extension(&file_name).map_err(invalid)?;
        let former = profile.avatar.filter(|former| *former != picture.id);
        // A task of its own: if the caller goes away, the guard that keeps the files must outlive the write that points at
        // them, which may be under way.
        let shown = tokio::spawn({
            let core = core.clone();
            async move { core.show(actor, profile, picture).await }
        });
        let shown = shown.await.map_err(|failure| Error::Unavailable(failure.into()))??;
        core.discard_avatar(former).await;
        Ok(shown)
    }

    /// Shows no picture from now on.
    ///
    /// # Errors
    /// [`Error::Missing`] if the profile was removed in between.
    pub async fn clear(self) -> Result<Profile> {
        let Self { core, actor, profile } = self;
        if profile.avatar.is_none() {
            return Ok(profile);
        }
        let former = profile.avatar;
        let shown = core.point(actor, profile, None).await?;
        core.discard_avatar(former).await;
        Ok(shown)
    }
}

fn check_length(file_name: &str) -> Result<(), FieldError> {
    if file_name.chars().any(char::is_control) {
        return Err(FieldError::InvalidFileName);
    }
    let length = base_name(file_name).chars().count();
    if length > MAX_NAME { Err(FieldError::FileNameTooLong { max: MAX_NAME, length }) } else { Ok(()) }
}

fn check_extension(file_name: &str) -> Result<(), FieldError> {
    // As Python's `Path.suffix`: a dot at either end makes none.
    let extension = base_name(file_name).rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
    let extension = extension.map_or_else(String::new, |(_, extension)| extension.to_lowercase());
    if !extension.is_empty() && EXTENSIONS.split(", ").any(|known| known == extension) {
        Ok(())
    } else {
        Err(FieldError::ExtensionNotAllowed { extension, allowed: EXTENSIONS })
    }
}

/// The name without its folders, of which some browsers tell.
fn base_name(file_name: &str) -> &str {
    file_name.rsplit(['/', '\\']).next().unwrap_or_default()
}
