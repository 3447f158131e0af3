#include "tests/sim/mortal_files.h"

namespace stereofarm {

absl::Status MortalFiles::Begin() {
  meanwhile_();
  return mortal_->Step();
}

absl::Status MortalFiles::Check(const std::string& directory, const Manifest& manifest) {
  SF_RETURN_IF_ERROR(Begin());
  if (plant_ == Plant::kManifestBeforeFile) return absl::OkStatus();
  return files_.Check(directory, manifest);
}

absl::Status MortalFiles::CheckPresence(const std::string& directory) {
  SF_RETURN_IF_ERROR(Begin());
  return files_.CheckPresence(directory);
}

absl::StatusOr<Manifest> MortalFiles::ReadManifest(const std::string& directory,
                                                   const std::string& name) {
  SF_RETURN_IF_ERROR(Begin());
  return files_.ReadManifest(directory, name);
}

absl::Status MortalFiles::WriteCommitted(const std::string& directory, const Manifest& manifest) {
  // Nothing happens in between: whoever damages files does it before the check or after the commit.
  SF_RETURN_IF_ERROR(mortal_->Step());
  if (const absl::Status whole = CheckFiles(store_ / directory, manifest); !whole.ok()) {
    world_->Break("committed-is-complete", std::string(whole.message()));
  }
  SF_RETURN_IF_ERROR(files_.WriteCommitted(directory, manifest));
  committed_.insert(directory);
  meanwhile_();
  return mortal_->Step();
}

absl::StatusOr<std::string> MortalFiles::Read(const std::string& file) {
  SF_RETURN_IF_ERROR(Begin());
  const std::string directory = std::filesystem::path(file).parent_path().string();
  // The film's index and the job's note are its own.
  const bool is_own = file.ends_with("/index.pb") || file.ends_with("/job.pb");
  if (!is_own && !committed_.contains(directory)) {
    world_->Break("only-committed-is-read", "the coordinator reads " + file);
  }
  return files_.Read(file);
}

absl::Status MortalFiles::Write(const std::string& file, const std::string& content) {
  SF_RETURN_IF_ERROR(Begin());
  SF_RETURN_IF_ERROR(files_.Write(file, content));
  return mortal_->Step();
}

absl::Status MortalFiles::Remove(const std::string& path) {
  // The index of a closed job is removed under the engine's lock: nobody can act meanwhile.
  SF_RETURN_IF_ERROR(mortal_->Step());
  removed_.insert(path);
  return files_.Remove(path);
}

absl::StatusOr<std::vector<std::string>> MortalFiles::AttemptsOf(const std::string& job) {
  SF_RETURN_IF_ERROR(Begin());
  return files_.AttemptsOf(job);
}

}  // namespace stereofarm
