#ifndef STEREOFARM_COORDINATOR_ASSEMBLY_ASSEMBLE_FILM_H_
#define STEREOFARM_COORDINATOR_ASSEMBLY_ASSEMBLE_FILM_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/scheduling/film_access.h"

namespace stereofarm {

// Writes each output of the order beside its place and renames it there when it's whole, so that
// nobody ever sees half a film. An output that carries the order's fingerprint already is left
// alone: a coordinator that died after the renaming comes by here again. AlreadyExists for one that
// may not be replaced. Gives a sentence for everything that a container couldn't hold.
absl::StatusOr<std::vector<std::string>> AssembleFilm(const FilmOrder& order,
                                                      const std::function<bool(double)>& progress);

// Where `output` is while it's being written: hidden, in its own folder.
std::filesystem::path UnfinishedFilm(const std::filesystem::path& output, const std::string& job);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ASSEMBLY_ASSEMBLE_FILM_H_
