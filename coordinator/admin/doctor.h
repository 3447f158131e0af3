#ifndef STEREOFARM_COORDINATOR_ADMIN_DOCTOR_H_
#define STEREOFARM_COORDINATOR_ADMIN_DOCTOR_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace stereofarm {

struct DoctorOrder {
  std::filesystem::path root;   // holds farm.db
  std::filesystem::path store;  // holds jobs/
  bool repair = false;
  bool hash = false;  // compare every committed file with its hash, not only its size
};

struct Diagnosis {
  std::vector<std::string> findings;  // a line each
  int jobs = 0;
  int results = 0;  // committed ones that are sound
};

// Compares a farm's database with what lies in its store; no coordinator may be using either.
// Looked for: damage of the database; results that it counts on and that are gone or damaged;
// committed results and whole jobs that it doesn't know; folders that nobody will read; temporary
// files that were left behind.
//
// With `repair` each finding is mended: a database that is lost or damaged is moved aside (never
// removed) and made again from every job's job.pb and committed results, hashes checked; a job that
// lacks a result or got one back is queued, so that its film is looked at again and only what is
// missing is made; what nobody will read is removed. Nothing that was committed and is sound is
// ever removed.
//
// NotFound: there's no farm; FailedPrecondition: its database is of a later version.
absl::StatusOr<Diagnosis> ExamineFarm(const DoctorOrder& order);

// DataLoss, with what to do, where a root was used before and has no database any more although its
// store has jobs: a new database would forget them.
absl::Status CheckNotLost(const std::filesystem::path& root, const std::filesystem::path& store);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ADMIN_DOCTOR_H_
