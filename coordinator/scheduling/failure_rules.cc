#include "coordinator/scheduling/failure_rules.h"

#include <algorithm>
#include <iterator>

namespace stereofarm {
namespace {

using F = FailureClass;
// clang-format off
constexpr FailureRule kRules[] = {
    //                    fails_job counts elsewhere blames smaller patient
    {F::kPermanent,       true,     true,  false,    false, false,  false},
    {F::kRetryable,       false,    true,  true,     true,  false,  false},
    {F::kStorageAway,     false,    false, true,     true,  false,  false},
    {F::kStorageFull,     false,    false, false,    false, false,  true},
    {F::kDeviceMemory,    false,    false, false,    false, true,   false},
    {F::kInputDamaged,    false,    false, false,    false, false,  false},
    {F::kWorkerLost,      false,    true,  true,     false, false,  false},
    {F::kStalled,         false,    true,  true,     true,  false,  false},
};
// clang-format on

}  // namespace

const FailureRule& RuleOf(FailureClass failure) {
  return *std::find_if(std::begin(kRules), std::end(kRules),
                       [failure](const FailureRule& rule) { return rule.failure == failure; });
}

}  // namespace stereofarm
