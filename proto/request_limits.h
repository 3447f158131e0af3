#ifndef STEREOFARM_PROTO_REQUEST_LIMITS_H_
#define STEREOFARM_PROTO_REQUEST_LIMITS_H_

#include <google/protobuf/message.h>

#include <cstdint>

#include "common/base/status.h"

namespace stereofarm {

// Whether a message that came over the wire is of a size that a farm has use for, whatever it says:
// every text and every list is short enough, no text but a person's has a byte 0, every number is
// finite and in a range in which sums don't overflow, ids and names that may become parts of paths
// have no slashes and the like. What fields have in common is checked by their kind; the exceptions
// stand in one table. InvalidArgument names the field; ResourceExhausted: the whole message is too
// large for its kind. What the values mean is checked where they're used.
absl::Status CheckRequest(const google::protobuf::Message& request);

// Bytes of the largest message that any call may send: a farm's connections take none beyond it.
int64_t MostBytesOfAnyRequest();

}  // namespace stereofarm

#endif  // STEREOFARM_PROTO_REQUEST_LIMITS_H_
