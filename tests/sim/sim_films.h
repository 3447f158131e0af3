#ifndef STEREOFARM_TESTS_SIM_SIM_FILMS_H_
#define STEREOFARM_TESTS_SIM_SIM_FILMS_H_

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/scheduling/film_access.h"
#include "tests/sim/mortal.h"
#include "tests/sim/world.h"

namespace stereofarm {

// A film that is nothing but its name: "<number>-<frames>-<cut>-<cut>....mov".
struct SimFilm {
  int64_t frames = 0;
  std::set<int64_t> cuts;
};
std::string SimFilmName(int number, const SimFilm& film);
SimFilm ParseSimFilm(const std::string& path);

// Such films for the engine of a coordinator that may die. A segment is a text that begins with its
// number of frames; a finished film says whose it is and lists its segments' texts.
class SimFilms : public FilmAccess {
 public:
  SimFilms(World* world, Mortal* mortal, std::function<void()> meanwhile)
      : world_(world), mortal_(mortal), meanwhile_(std::move(meanwhile)) {}

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
  World* const world_;
  Mortal* const mortal_;
  const std::function<void()> meanwhile_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SIM_SIM_FILMS_H_
