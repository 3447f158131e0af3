#include "coordinator/store/damage.h"

#include <memory>
#include <system_error>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "coordinator/store/sqlite.h"

namespace stereofarm {
namespace {

// More say nothing more.
constexpr int kMostLines = 10;

}  // namespace

absl::StatusOr<std::vector<std::string>> DamageOfDatabase(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return std::vector<std::string>{absl::StrFormat("the database %s is gone", file.string())};
  }
  SF_ASSIGN_OR_RETURN(const int64_t size, FileSize(file));
  if (size == 0) {
    return std::vector<std::string>{absl::StrFormat("the database %s is empty", file.string())};
  }
  const absl::StatusOr<std::unique_ptr<Database>> database =
      Database::Open(file, Database::Mode::kExisting);
  absl::StatusOr<std::vector<std::string>> damage =
      database.ok() ? (*database)->FindDamage(kMostLines) : database.status();
  if (damage.status().code() == absl::StatusCode::kDataLoss) {
    return std::vector<std::string>{std::string(damage.status().message())};
  }
  if (damage.ok()) {
    for (std::string& line : *damage) {
      line = absl::StrFormat("the database %s is damaged: %s", file.string(), line);
    }
  }
  return damage;
}

}  // namespace stereofarm
