#ifndef STEREOFARM_COORDINATOR_ASSEMBLY_PLACE_EXPORT_H_
#define STEREOFARM_COORDINATOR_ASSEMBLY_PLACE_EXPORT_H_

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "common/base/status.h"
#include "coordinator/scheduling/film_access.h"

namespace stereofarm {

// What says in a folder of exported depth what lies there: one JSON object.
inline constexpr char kExportNote[] = "stereofarm.json";

// Copies the files of the order's export `which` beside its place, with kExportNote, and renames
// the folder there when it's whole. A folder that carries the order's fingerprint already is left
// alone. AlreadyExists for one that may not be replaced, or that no export has written.
absl::Status PlaceExport(const FilmOrder& order, size_t which,
                         const std::function<bool(double)>& progress);

// The fingerprint in a folder's kExportNote; empty when it has none.
std::string ExportFingerprint(const std::filesystem::path& folder);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ASSEMBLY_PLACE_EXPORT_H_
