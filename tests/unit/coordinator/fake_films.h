#ifndef STEREOFARM_TESTS_UNIT_COORDINATOR_FAKE_FILMS_H_
#define STEREOFARM_TESTS_UNIT_COORDINATOR_FAKE_FILMS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/scheduling/film_access.h"

namespace stereofarm {

// Films that are nothing but a number of frames. A segment is a text file that says how many
// frames it has; a finished film says whose it is and lists its segments' texts. Thread-safe.
class FakeFilms : public FilmAccess {
 public:
  void SetFilm(int64_t frames, const std::string& identity) {
    absl::MutexLock lock(&mutex_);
    frames_ = frames;
    identity_ = identity;
  }
  // The next calls of Assemble fail with this.
  void SetAssembleError(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    assemble_error_ = std::move(status);
  }
  void SetIndexError(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    index_error_ = std::move(status);
  }
  int assembled() {
    absl::MutexLock lock(&mutex_);
    return assembled_;
  }
  int indexed() {
    absl::MutexLock lock(&mutex_);
    return indexed_;
  }

  absl::Status CheckSettings(const JobSettings& settings) override;
  absl::StatusOr<FilmSize> SizeOf(const JobSettings& settings) override;
  absl::StatusOr<IndexedFilm> Index(const std::string& input,
                                    const std::function<bool(double)>& progress) override;
  absl::Status CheckDepthFolder(const std::string& folder, const IndexedFilm& film,
                                const FrameRange& range) override;
  absl::StatusOr<std::string> Fingerprint(const std::string& film) override;
  std::string SegmentExtension(const std::string& codec) override;
  absl::StatusOr<int64_t> SegmentFrames(const std::filesystem::path& segment) override;
  absl::StatusOr<std::vector<std::string>> Assemble(
      const FilmOrder& order, const std::function<bool(double)>& progress) override;

 private:
  absl::Mutex mutex_;
  int64_t frames_ ABSL_GUARDED_BY(mutex_) = 240;
  std::string identity_ ABSL_GUARDED_BY(mutex_) = "film";
  absl::Status assemble_error_ ABSL_GUARDED_BY(mutex_);
  absl::Status index_error_ ABSL_GUARDED_BY(mutex_);
  int assembled_ ABSL_GUARDED_BY(mutex_) = 0;  // calls, failed ones too
  int indexed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_COORDINATOR_FAKE_FILMS_H_
