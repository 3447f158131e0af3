#ifndef STEREOFARM_COORDINATOR_STORE_DAMAGE_H_
#define STEREOFARM_COORDINATOR_STORE_DAMAGE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace stereofarm {

// The farm's database, in a coordinator's root.
inline constexpr char kDatabaseFile[] = "farm.db";

// Why a database can't be used, a line each; empty: it's sound. Errors are those of a file that
// can't be looked at.
absl::StatusOr<std::vector<std::string>> DamageOfDatabase(const std::filesystem::path& file);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_DAMAGE_H_
