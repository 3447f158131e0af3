#ifndef STEREOFARM_WORKER_STAGES_STREAM_H_
#define STEREOFARM_WORKER_STAGES_STREAM_H_

#include <optional>

#include "common/base/status.h"

namespace stereofarm {

// What a stage is: an operator that is pulled. Each pulls the one before it, so that nothing is
// computed that nobody asked for and no more frames exist than are being worked on. Used by one
// thread at a time.
template <typename T>
class Stream {
 public:
  virtual ~Stream() = default;
  // The next item, or nothing at the end. Not to be called again after the end or an error.
  virtual absl::StatusOr<std::optional<T>> Next() = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_STREAM_H_
