#ifndef STEREOFARM_COORDINATOR_STORE_BACKUP_H_
#define STEREOFARM_COORDINATOR_STORE_BACKUP_H_

#include <filesystem>

#include "common/base/status.h"

namespace stereofarm {

// Writes what `database` holds at one moment to the new file `file`, reads the copy through for
// damage and puts it in its place whole. A coordinator may be at work on the database meanwhile.
// The copy needs no log beside it: put in place of a farm.db it takes the farm back to that moment.
// NotFound: no database; AlreadyExists: `file` is there, and stays as it is; DataLoss: what was
// copied is damaged.
absl::Status BackUpDatabase(const std::filesystem::path& database,
                            const std::filesystem::path& file);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_BACKUP_H_
