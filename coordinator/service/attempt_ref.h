#ifndef STEREOFARM_COORDINATOR_SERVICE_ATTEMPT_REF_H_
#define STEREOFARM_COORDINATOR_SERVICE_ATTEMPT_REF_H_

#include "coordinator/store/records.h"
#include "proto/farm.pb.h"

namespace stereofarm {

// Which attempt a worker's call is about.
inline AttemptRef AttemptOf(const v1::AttemptId& proto) {
  return {proto.job(), proto.task(), proto.epoch(), proto.lease_id()};
}

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_ATTEMPT_REF_H_
