#ifndef STEREOFARM_COORDINATOR_STORE_SCHEMA_H_
#define STEREOFARM_COORDINATOR_STORE_SCHEMA_H_

#include "common/base/status.h"
#include "coordinator/store/sqlite.h"

namespace stereofarm {

// The version that this program writes; it reads every earlier one.
int SchemaVersion();

// Brings a database up to SchemaVersion() in one transaction: after a crash it has the old or the
// new shape. FailedPrecondition for a database of a later version.
absl::Status Migrate(Database* database);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_SCHEMA_H_
