#ifndef STEREOFARM_COORDINATOR_ASSEMBLY_FILM_FILES_H_
#define STEREOFARM_COORDINATOR_ASSEMBLY_FILM_FILES_H_

#include <functional>
#include <string>
#include <vector>

#include "coordinator/scheduling/film_access.h"

namespace stereofarm {

// Real films: the engine's FilmAccess on top of common/media. Holds nothing; thread-safe.
class FilmFiles : public FilmAccess {
 public:
  absl::Status CheckSettings(const JobSettings& settings) override;
  absl::StatusOr<FilmSize> SizeOf(const JobSettings& settings) override;
  absl::StatusOr<IndexedFilm> Index(const std::string& input,
                                    const std::function<bool(double)>& progress) override;
  absl::Status CheckDepthFolder(const std::string& folder, const IndexedFilm& film,
                                const FrameRange& range) override;
  absl::StatusOr<std::string> Fingerprint(const std::string& product) override;
  std::string SegmentExtension(const std::string& codec) override;
  absl::StatusOr<int64_t> SegmentFrames(const std::filesystem::path& segment) override;
  absl::StatusOr<std::vector<std::string>> Assemble(
      const FilmOrder& order, const std::function<bool(double)>& progress) override;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ASSEMBLY_FILM_FILES_H_
