#include "tests/unit/coordinator/fake_films.h"

#include <charconv>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {

absl::Status FakeFilms::CheckSettings(const JobSettings& settings) {
  if (settings.input.ends_with("missing.mov")) {
    return absl::NotFoundError(settings.input + " isn't there");
  }
  return absl::OkStatus();
}

absl::StatusOr<FilmSize> FakeFilms::SizeOf(const JobSettings&) {
  absl::MutexLock lock(&mutex_);
  return FilmSize{frames_, 64, 36, static_cast<double>(frames_) / 24, 8, 1000 * frames_};
}

absl::StatusOr<IndexedFilm> FakeFilms::Index(const std::string& input,
                                             const std::function<bool(double)>& progress) {
  if (!progress(0.5)) return absl::CancelledError("stopped");
  absl::MutexLock lock(&mutex_);
  if (!index_error_.ok()) return index_error_;
  ++indexed_;
  return IndexedFilm{frames_, 64, 36, identity_, "index of " + input};
}

absl::Status FakeFilms::CheckDepthFolder(const std::string& folder, const IndexedFilm& film,
                                         const FrameRange&) {
  const std::filesystem::directory_iterator files(folder);
  if (std::distance(begin(files), end(files)) >= film.frames) return absl::OkStatus();
  return absl::InvalidArgumentError(folder + " has no depth");
}

absl::StatusOr<std::string> FakeFilms::Fingerprint(const std::string& film) {
  const bool folder = std::filesystem::is_directory(film);
  const absl::StatusOr<std::string> text = ReadFile(folder ? film + "/all" : film);
  if (!text.ok()) return text.status();
  return text->starts_with("film of ") ? text->substr(8, text->find('\n') - 8) : std::string();
}

std::string FakeFilms::SegmentExtension(const std::string&) { return "mov"; }

absl::StatusOr<int64_t> FakeFilms::SegmentFrames(const std::filesystem::path& segment) {
  SF_ASSIGN_OR_RETURN(const std::string text, ReadFile(segment));
  int64_t frames = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), frames).ec != std::errc()) {
    return absl::DataLossError(segment.string() + " is no segment");
  }
  return frames;
}

absl::StatusOr<std::vector<std::string>> FakeFilms::Assemble(
    const FilmOrder& order, const std::function<bool(double)>& progress) {
  if (!progress(0.5)) return absl::CancelledError("stopped");
  absl::MutexLock lock(&mutex_);
  ++assembled_;
  if (!assemble_error_.ok()) return assemble_error_;
  for (size_t i = 0; i < order.segments.size(); ++i) {
    std::string film = "film of " + order.fingerprint + "\n";
    for (const std::filesystem::path& segment : order.segments[i]) {
      SF_ASSIGN_OR_RETURN(const std::string text, ReadFile(segment));
      film += text + "\n";
    }
    SF_RETURN_IF_ERROR(WriteFileAtomically(order.settings.outputs[i].file, film));
  }
  for (size_t i = 0; i < order.exports.size(); ++i) {
    std::string all = "film of " + order.fingerprint + "\n";
    for (const std::filesystem::path& file : order.exports[i]) {
      SF_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
      all += text + "\n";
    }
    const std::filesystem::path folder = order.settings.exports[i].folder;
    SF_RETURN_IF_ERROR(MakeDirectories(folder));
    SF_RETURN_IF_ERROR(WriteFileAtomically(folder / "all", all));
  }
  return std::vector<std::string>{"a track was left out"};
}

}  // namespace stereofarm
