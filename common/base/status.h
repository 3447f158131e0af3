#ifndef STEREOFARM_COMMON_BASE_STATUS_H_
#define STEREOFARM_COMMON_BASE_STATUS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace stereofarm {

// The codes mean something for retry, everywhere in the farm:
//   InvalidArgument     bad input or option; never again
//   NotFound            a file or an id that isn't there
//   DataLoss            a file that is damaged; make it again
//   FailedPrecondition  the state moved on (lease lost, job cancelled); drop the work
//   Unavailable         somebody is away; again later
//   ResourceExhausted   a disk is full; or memory, which IsOutOfMemory tells
//   Cancelled           asked to stop
//   Internal            our own bug
// Messages are one sentence: what is wrong, with which file or option, and what to do.

// The same code with `context` and ": " before the message. OK stays OK.
absl::Status Annotate(const absl::Status& status, const std::string& context);

// ResourceExhausted, of the machine's or the device's memory.
absl::Status OutOfMemory(const std::string& message);
bool IsOutOfMemory(const absl::Status& status);

}  // namespace stereofarm

#define SF_CONCAT_INNER_(a, b) a##b
#define SF_CONCAT_(a, b) SF_CONCAT_INNER_(a, b)

// Returns from the enclosing function with `expr`'s status unless it's OK.
#define SF_RETURN_IF_ERROR(expr)                                               \
  do {                                                                         \
    if (absl::Status sf_status_ = (expr); !sf_status_.ok()) return sf_status_; \
  } while (false)

// Evaluates the StatusOr `expr` and moves its value into `lhs`, or returns its status.
#define SF_ASSIGN_OR_RETURN(lhs, expr) \
  SF_ASSIGN_OR_RETURN_IMPL_(SF_CONCAT_(sf_status_or_, __LINE__), lhs, expr)
#define SF_ASSIGN_OR_RETURN_IMPL_(result, lhs, expr) \
  auto result = (expr);                              \
  if (!result.ok()) return result.status();          \
  lhs = std::move(result).value()

#endif  // STEREOFARM_COMMON_BASE_STATUS_H_
