#ifndef STEREOFARM_COORDINATOR_SERVICE_ACCESS_TABLE_H_
#define STEREOFARM_COORDINATOR_SERVICE_ACCESS_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/certs/role.h"

namespace stereofarm {

// Who may make a call where the farm asks.
enum class Access {
  kPeople,    // submit and operate
  kOwnJob,    // operate; submit for jobs of one's own, which the service checks
  kOperator,  // operate alone
  kWorkers,   // work alone
};

struct CallRule {
  std::string_view method;  // "/stereofarm.v1.Jobs/Submit"
  Access access = Access::kOperator;
  bool changes = true;  // something in the farm, for which the audit log has a line
  // A stream of which each message is a change of its own, looked at like a call of its own.
  bool each = false;
};

// Every call of every service; a call that isn't here is nobody's.
const std::vector<CallRule>& CallRules();
// Null: no such call.
const CallRule* RuleOf(std::string_view method);

// Whether callers of this role get past the door with this call.
bool MayCall(const CallRule& rule, Role role);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_ACCESS_TABLE_H_
