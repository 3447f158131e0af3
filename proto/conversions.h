#ifndef STEREOFARM_PROTO_CONVERSIONS_H_
#define STEREOFARM_PROTO_CONVERSIONS_H_

#include <string>

#include "common/artifacts/job_note.h"
#include "common/artifacts/manifest.h"
#include "common/farm/task.h"
#include "proto/artifacts.pb.h"
#include "proto/farm.pb.h"
#include "proto/jobs.pb.h"
#include "proto/settings.pb.h"

namespace stereofarm {

// Between the wire's messages and our own structs. What comes in is checked: InvalidArgument names
// the field.
v1::JobSettings ToProto(const JobSettings& settings);
absl::StatusOr<JobSettings> FromProto(const v1::JobSettings& proto);
v1::Shard ToProto(const Shard& shard);
absl::StatusOr<Shard> FromProto(const v1::Shard& proto);
v1::TaskSpec ToProto(const TaskSpec& spec);
absl::StatusOr<TaskSpec> FromProto(const v1::TaskSpec& proto);
v1::TaskLease ToProto(const TaskLease& lease);
absl::StatusOr<TaskLease> FromProto(const v1::TaskLease& proto);
v1::Manifest ToProto(const Manifest& manifest);
absl::StatusOr<Manifest> FromProto(const v1::Manifest& proto);
v1::JobNote ToProto(const JobNote& note);
absl::StatusOr<JobNote> FromProto(const v1::JobNote& proto);

}  // namespace stereofarm

#endif  // STEREOFARM_PROTO_CONVERSIONS_H_
