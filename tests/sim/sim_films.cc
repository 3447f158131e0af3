#include "tests/sim/sim_films.h"

#include <charconv>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/file_system.h"
#include "common/base/log.h"

namespace stereofarm {

std::string SimFilmName(int number, const SimFilm& film) {
  std::string name = absl::StrFormat("%d-%d", number, film.frames);
  for (int64_t cut : film.cuts) name += absl::StrFormat("-%d", cut);
  return name + ".mov";
}

SimFilm ParseSimFilm(const std::string& path) {
  const std::vector<std::string> parts =
      absl::StrSplit(std::filesystem::path(path).stem().string(), '-');
  SimFilm film;
  for (size_t i = 1; i < parts.size(); ++i) {
    int64_t number = 0;
    SF_CHECK(absl::SimpleAtoi(parts[i], &number));
    if (i == 1) {
      film.frames = number;
    } else {
      film.cuts.insert(number);
    }
  }
  return film;
}

absl::Status SimFilms::CheckSettings(const JobSettings&) { return mortal_->Step(); }

absl::StatusOr<FilmSize> SimFilms::SizeOf(const JobSettings& settings) {
  SF_RETURN_IF_ERROR(mortal_->Step());
  return FilmSize{ParseSimFilm(settings.input).frames, 64, 36, 1, 8, 1000};
}

absl::StatusOr<IndexedFilm> SimFilms::Index(const std::string& input,
                                            const std::function<bool(double)>& progress) {
  SF_RETURN_IF_ERROR(mortal_->Step());
  meanwhile_();
  if (!progress(0.5)) return absl::CancelledError("stopped");
  return IndexedFilm{ParseSimFilm(input).frames, 64, 36, "identity of " + input,
                     "index of " + input};
}

absl::Status SimFilms::CheckDepthFolder(const std::string&, const IndexedFilm&, const FrameRange&) {
  return mortal_->Step();
}

absl::StatusOr<std::string> SimFilms::Fingerprint(const std::string& film) {
  SF_RETURN_IF_ERROR(mortal_->Step());
  const absl::StatusOr<std::string> text = ReadFile(film);
  if (!text.ok()) return text.status();
  return text->starts_with("film of ") ? text->substr(8, text->find('\n') - 8) : std::string();
}

std::string SimFilms::SegmentExtension(const std::string&) { return "mov"; }

absl::StatusOr<int64_t> SimFilms::SegmentFrames(const std::filesystem::path& segment) {
  SF_RETURN_IF_ERROR(mortal_->Step());
  SF_ASSIGN_OR_RETURN(const std::string text, ReadFile(segment));
  int64_t frames = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), frames).ec != std::errc()) {
    return absl::DataLossError(segment.string() + " is no segment");
  }
  return frames;
}

absl::StatusOr<std::vector<std::string>> SimFilms::Assemble(
    const FilmOrder& order, const std::function<bool(double)>& progress) {
  for (size_t i = 0; i < order.segments.size(); ++i) {
    SF_RETURN_IF_ERROR(mortal_->Step());
    meanwhile_();
    if (!progress(0.5)) return absl::CancelledError("stopped");
    const std::filesystem::path file = order.settings.outputs[i].file;
    std::error_code error;
    if (std::filesystem::exists(file, error)) {
      SF_ASSIGN_OR_RETURN(const std::string fingerprint, Fingerprint(file));
      if (fingerprint == order.fingerprint) continue;
      if (!order.replace) return absl::AlreadyExistsError(file.string() + " exists");
    }
    std::string film = "film of " + order.fingerprint + "\n";
    for (const std::filesystem::path& segment : order.segments[i]) {
      SF_RETURN_IF_ERROR(mortal_->Step());
      SF_ASSIGN_OR_RETURN(const std::string text, ReadFile(segment));
      film += text + "\n";
    }
    SF_RETURN_IF_ERROR(mortal_->Step());
    SF_RETURN_IF_ERROR(WriteFileAtomically(file, film));
    world_->Log("film " + file.filename().string());
  }
  SF_RETURN_IF_ERROR(mortal_->Step());
  return std::vector<std::string>{"a track was left out"};
}

}  // namespace stereofarm
