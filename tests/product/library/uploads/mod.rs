//! Uploads that arrive in parts and are resumed.

mod chunked;
mod ends;
mod limits;
mod linear;
mod quota;

use tresor::library::PutOutcome;
use tresor::model::{Checksum, ChunkName, Stamp, Timestamp, UploadId, UploadShape};
use tresor::uploads::{Append, Finish, NewUpload, PartInfo, Upload, UploadError, UploadLimits, UploadsOf};

use crate::library::store::{NOW, Store, path};
use crate::support::content::sha256;

/// Segments that a test can fill: a bit more than four chunks.
pub const SEGMENT: usize = 4 * 64 * 1024 + 1_000;

pub fn linear(at: &str, length: Option<u64>) -> NewUpload {
    NewUpload {
        id: UploadId::random(),
        protocol: "tus",
        name: None,
        shape: UploadShape::Linear,
        path: Some(path(at)),
        length,
        modified: None,
        checksum: None,
        metadata: String::new(),
        guest: None,
    }
}

pub fn chunked(length: Option<u64>) -> NewUpload {
    NewUpload { protocol: "chunks", shape: UploadShape::Chunked, path: None, ..linear("", length) }
}

pub fn chunk(name: &str) -> ChunkName {
    ChunkName::parse(name).unwrap()
}

pub fn to(at: &str) -> Finish {
    Finish { path: Some(path(at)), ..Finish::default() }
}

pub fn checksum(bytes: &[u8]) -> Checksum {
    format!("SHA256:{}", sha256(bytes)).parse().unwrap()
}

pub fn with(checksum: Checksum) -> PartInfo {
    PartInfo { checksum: Some(checksum), ..PartInfo::default() }
}

impl Store {
    /// With segments of [`SEGMENT`] bytes.
    pub async fn with_segments() -> Self {
        let store = Self::new().await;
        store.cut();
        store
    }

    pub fn cut(&self) {
        let limits = UploadLimits { segment: SEGMENT as u64, ..UploadLimits::default() };
        self.uploads.set_limits(limits);
    }

    pub async fn create(&self, new: NewUpload) -> Result<Upload, UploadError> {
        self.uploads.create(self.change(), new).await
    }

    pub async fn append(&self, id: UploadId, offset: usize, part: PartInfo) -> Result<Append, UploadError> {
        self.uploads.begin_append(&self.access(), self.user, id, offset as u64, part, NOW).await
    }

    /// Appends in pieces of an odd length.
    pub async fn send(
        &self,
        id: UploadId,
        offset: usize,
        bytes: &[u8],
        part: PartInfo,
    ) -> Result<Upload, UploadError> {
        let mut append = self.append(id, offset, part).await?;
        for piece in bytes.chunks(70_001) {
            append.write(piece.to_vec().into()).await?;
        }
        append.finish(NOW).await
    }

    pub async fn status(&self, id: UploadId) -> Result<Upload, UploadError> {
        self.uploads.find(&self.access(), self.user, id, NOW).await
    }

    pub async fn offset(&self, id: UploadId) -> usize {
        usize::try_from(self.status(id).await.unwrap().received).unwrap()
    }

    pub async fn send_chunk(&self, id: UploadId, name: &str, bytes: &[u8]) -> Result<Upload, UploadError> {
        let part = PartInfo { size: Some(bytes.len() as u64), checksum: None };
        let access = self.access();
        let mut session = self.uploads.begin_chunk(&access, self.user, id, chunk(name), part, NOW).await?;
        for piece in bytes.chunks(70_001) {
            session.write(piece.to_vec().into()).await?;
        }
        session.finish(NOW).await
    }

    pub async fn sizes(&self, id: UploadId) -> Vec<(String, u64)> {
        let chunks = self.uploads.chunks(&self.access(), self.user, id).await.unwrap();
        chunks.into_iter().map(|chunk| (chunk.name.as_str().to_owned(), chunk.size)).collect()
    }

    pub async fn end(&self, id: UploadId, finish: Finish) -> Result<PutOutcome, UploadError> {
        self.uploads.finish(self.change(), id, finish).await
    }

    pub async fn cancel(&self, id: UploadId) -> Result<(), UploadError> {
        self.uploads.cancel(&self.access(), UploadsOf::User(self.user), id, Stamp::owner(NOW)).await
    }

    pub async fn all_uploads(&self) -> Vec<Upload> {
        self.uploads.list(&[self.access()], UploadsOf::Everybody).await.unwrap()
    }

    /// The digests that are known of a file's present content.
    pub async fn sums(&self, at: &str) -> Vec<String> {
        let version = self.library.versions(&self.access(), &path(at)).await.unwrap().remove(0);
        version.checksums.iter().map(ToString::to_string).collect()
    }

    /// The files of the containers of a file's present content.
    pub fn containers_in_order(&self, name: &str) -> Vec<std::path::PathBuf> {
        let database = self.database();
        let sql = "SELECT lower(hex(container_id)) FROM segments JOIN entries USING (version_id)
                   WHERE name = ?1 ORDER BY position";
        let mut query = database.prepare(sql).unwrap();
        let ids: Vec<String> =
            query.query_map([name], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let files = self.container_files();
        let of =
            |id: &String| files.iter().find(|file| file.file_stem().unwrap().to_str() == Some(id)).cloned();
        ids.iter().filter_map(of).collect()
    }

    /// Waits until the work that a dropped request left behind is done.
    pub async fn settle(&self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let known = || {
            let database = self.database();
            let mut query = database
                .prepare(
                    "SELECT count(*) FROM (SELECT id FROM containers UNION SELECT container_id FROM garbage)",
                )
                .unwrap();
            query.query_row([], |row| row.get::<_, usize>(0)).unwrap()
        };
        while !self.parts().is_empty() || self.containers().len() != known() {
            assert!(std::time::Instant::now() < deadline, "something is left over");
            tokio::task::yield_now().await;
        }
    }

    /// As [`Store::check`], with a verification of every byte and a sweep much later that find nothing.
    pub async fn check_all(&self) {
        use tresor::model::{VerifyMode, VerifyStarter};
        use tresor::recovery::{VerifyOrder, VerifyStage};
        self.check();
        for mode in [VerifyMode::Quick, VerifyMode::Full] {
            let starter = VerifyStarter::Owner;
            let order = VerifyOrder { starter, mode, rate: None, restart: true };
            let mut step = self.recovery.begin_verify(order, Timestamp::now()).await.unwrap();
            loop {
                assert!(step.findings.is_empty(), "{:?}", step.findings);
                if step.stage == VerifyStage::Done {
                    break;
                }
                step = self.recovery.verify_step(starter, step.run, Timestamp::now()).await.unwrap();
            }
        }
        let known = self.containers();
        let later = Timestamp(Timestamp::now().0 + 3 * crate::library::store::DAY);
        self.library.sweep(later).await.unwrap();
        assert_eq!(self.containers(), known);
        self.check();
    }
}
