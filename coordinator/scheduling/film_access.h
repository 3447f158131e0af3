#ifndef STEREOFARM_COORDINATOR_SCHEDULING_FILM_ACCESS_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_FILM_ACCESS_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/farm/job_settings.h"
#include "common/timeline/frame_range.h"
#include "coordinator/planning/disk_need.h"

namespace stereofarm {

// What the engine needs of a film's index.
struct IndexedFilm {
  int64_t frames = 0;
  int width = 0;
  int height = 0;
  std::string source_identity;
  std::string bytes;  // as workers read it from the store
};

// A film to be put together.
struct FilmOrder {
  std::string job;
  JobSettings settings;
  std::string index_bytes;
  FrameRange range;
  std::string fingerprint;
  bool replace = false;
  // For each of settings.outputs the segments in film order, as absolute paths.
  std::vector<std::vector<std::filesystem::path>> segments;
  // For each of settings.exports the range's files in order of frames, as absolute paths.
  std::vector<std::vector<std::filesystem::path>> exports;
};

// Films, as far as the engine touches them. Thread-safe: it's called without the engine's lock.
// `progress` gets the share done and returns false to stop (Cancelled).
class FilmAccess {
 public:
  virtual ~FilmAccess() = default;
  // Whether input, encoder and containers fit, without reading the film: InvalidArgument or
  // NotFound, one sentence for the user.
  virtual absl::Status CheckSettings(const JobSettings& settings) = 0;
  // From the film's header: its frames may be a guess. And from the first of the job's depth files.
  virtual absl::StatusOr<FilmSize> SizeOf(const JobSettings& settings) = 0;
  virtual absl::StatusOr<IndexedFilm> Index(const std::string& input,
                                            const std::function<bool(double)>& progress) = 0;
  // InvalidArgument unless the folder of --depth exr:DIR has a picture of the film's size for every
  // frame of the film, or for every frame of `range`.
  virtual absl::Status CheckDepthFolder(const std::string& folder, const IndexedFilm& film,
                                        const FrameRange& range) = 0;
  // The fingerprint that a film or the folder of an export carries; empty when it has none.
  virtual absl::StatusOr<std::string> Fingerprint(const std::string& product) = 0;
  virtual std::string SegmentExtension(const std::string& codec) = 0;
  // Frames of a finished segment; DataLoss when it isn't sound.
  virtual absl::StatusOr<int64_t> SegmentFrames(const std::filesystem::path& segment) = 0;
  // Writes all outputs and exports and puts each in its place whole: one that is there already is
  // replaced only if the order says so (AlreadyExists) or it carries the order's fingerprint, then
  // it's left alone. Gives what there is to remark.
  virtual absl::StatusOr<std::vector<std::string>> Assemble(
      const FilmOrder& order, const std::function<bool(double)>& progress) = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_FILM_ACCESS_H_
