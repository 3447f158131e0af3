#include "coordinator/store/backup.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "coordinator/store/sqlite.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

absl::Status CopyAndCheck(const fs::path& database, const fs::path& copy) {
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<Database> source,
                      Database::Open(database, Database::Mode::kExisting));
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<Database> target, Database::Open(copy));
  SF_RETURN_IF_ERROR(source->CopyTo(target.get()));
  SF_RETURN_IF_ERROR(target->Execute("PRAGMA journal_mode = DELETE"));
  SF_ASSIGN_OR_RETURN(const std::vector<std::string> damage, target->FindDamage(1));
  if (damage.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrFormat(
      "the database %s is damaged (%s) and was not copied; run stereofarm-coordinator doctor",
      database.string(), damage.front()));
}

}  // namespace

absl::Status BackUpDatabase(const fs::path& database, const fs::path& file) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(file, error))) {
    return absl::AlreadyExistsError(
        absl::StrFormat("%s is there already; name a new file", file.string()));
  }
  const fs::path copy = file.string() + absl::StrFormat(".%d.tmp", getpid());
  absl::Status status = CopyAndCheck(database, copy);
  if (status.ok()) status = SyncPath(copy);
  if (status.ok()) status = RenameToNew(copy, file);
  for (const char* end : {"", "-wal", "-shm", "-journal"}) fs::remove(copy.string() + end, error);
  return status;
}

}  // namespace stereofarm
