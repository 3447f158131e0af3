#include "common/certs/role.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr std::pair<const char*, Role> kRoles[] = {
    {"submit", Role::kSubmit}, {"operate", Role::kOperate}, {"work", Role::kWork}};

}  // namespace

std::string RoleName(Role role) {
  for (const auto& [name, entry] : kRoles) {
    if (entry == role) return name;
  }
  return "";
}

absl::StatusOr<Role> ParseRole(const std::string& name) {
  for (const auto& [entry, role] : kRoles) {
    if (name == entry) return role;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("--role: '%s' is not known; use one of submit, operate, work", name));
}

}  // namespace stereofarm
