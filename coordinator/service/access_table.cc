#include "coordinator/service/access_table.h"

#include <algorithm>

namespace stereofarm {

const std::vector<CallRule>& CallRules() {
  static const std::vector<CallRule> rules = {
      {"/stereofarm.v1.Jobs/Submit", Access::kPeople},
      {"/stereofarm.v1.Jobs/List", Access::kPeople, false},
      {"/stereofarm.v1.Jobs/GetStatus", Access::kPeople, false},
      {"/stereofarm.v1.Jobs/Watch", Access::kPeople, false},
      {"/stereofarm.v1.Jobs/Cancel", Access::kOwnJob},
      {"/stereofarm.v1.Jobs/Retry", Access::kOwnJob},
      {"/stereofarm.v1.Jobs/Pause", Access::kOwnJob},
      {"/stereofarm.v1.Jobs/Resume", Access::kOwnJob},
      {"/stereofarm.v1.Jobs/SetPriority", Access::kOwnJob},
      {"/stereofarm.v1.Jobs/ListWorkers", Access::kPeople, false},
      {"/stereofarm.v1.Jobs/Drain", Access::kOperator},
      {"/stereofarm.v1.Jobs/ResumeWorker", Access::kOperator},
      {"/stereofarm.v1.Farm/Register", Access::kWorkers},
      // Asked again and again; what is lent shows in how it ends.
      {"/stereofarm.v1.Farm/Lease", Access::kWorkers, false},
      {"/stereofarm.v1.Farm/Renew", Access::kWorkers, false},
      {"/stereofarm.v1.Farm/Complete", Access::kWorkers, true, /*each=*/true},
      {"/stereofarm.v1.Farm/Fail", Access::kWorkers},
      {"/stereofarm.v1.Farm/HandBack", Access::kWorkers},
      {"/stereofarm.v1.Farm/Leave", Access::kWorkers},
      // What an attempt writes counts for nothing before it's completed.
      {"/stereofarm.v1.Files/Describe", Access::kWorkers, false},
      {"/stereofarm.v1.Files/Read", Access::kWorkers, false},
      {"/stereofarm.v1.Files/Arrived", Access::kWorkers, false},
      {"/stereofarm.v1.Files/Write", Access::kWorkers, false},
  };
  return rules;
}

const CallRule* RuleOf(std::string_view method) {
  const std::vector<CallRule>& rules = CallRules();
  const auto it = std::find_if(rules.begin(), rules.end(),
                               [&](const CallRule& rule) { return rule.method == method; });
  return it == rules.end() ? nullptr : &*it;
}

bool MayCall(const CallRule& rule, Role role) {
  switch (rule.access) {
    case Access::kPeople:
    case Access::kOwnJob:
      return role == Role::kSubmit || role == Role::kOperate;
    case Access::kOperator:
      return role == Role::kOperate;
    case Access::kWorkers:
      return role == Role::kWork;
  }
  return false;
}

}  // namespace stereofarm
