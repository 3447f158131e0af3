#ifndef STEREOFARM_COMMON_CERTS_ROLE_H_
#define STEREOFARM_COMMON_CERTS_ROLE_H_

#include <string>

#include "common/base/status.h"

namespace stereofarm {

// What somebody whom a farm let in may do. The table of calls is in coordinator/service.
enum class Role {
  kSubmit,   // submit jobs, look at all, change one's own
  kOperate,  // everything that people can do
  kWork,     // what workers do, and nothing else
};

// "submit", "operate", "work".
std::string RoleName(Role role);
absl::StatusOr<Role> ParseRole(const std::string& name);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_CERTS_ROLE_H_
