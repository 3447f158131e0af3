#ifndef STEREOFARM_PROTO_RECORDS_H_
#define STEREOFARM_PROTO_RECORDS_H_

#include <filesystem>
#include <string>

#include "common/artifacts/job_note.h"
#include "common/artifacts/manifest.h"
#include "common/farm/task.h"

namespace stereofarm {

// Our structs as bytes in files and database columns, for rooms that must not know the generated
// messages.
std::string SerializeSettings(
    const JobSettings& settings);  // the same settings give the same bytes
absl::StatusOr<JobSettings> ParseSettings(const std::string& bytes);
std::string SerializeSpec(const TaskSpec& spec);
absl::StatusOr<TaskSpec> ParseSpec(const std::string& bytes);
std::string SerializeManifest(const Manifest& manifest);
absl::StatusOr<Manifest> ParseManifest(const std::string& bytes);
std::string SerializeJobNote(const JobNote& note);
// DataLoss when it doesn't parse or a later version wrote it.
absl::StatusOr<JobNote> ParseJobNote(const std::string& bytes);

// Reads manifest.pb or committed.pb. NotFound; DataLoss when it doesn't parse.
absl::StatusOr<Manifest> ReadManifest(const std::filesystem::path& file);
absl::Status WriteManifest(const std::filesystem::path& file, const Manifest& manifest);

}  // namespace stereofarm

#endif  // STEREOFARM_PROTO_RECORDS_H_
