#ifndef STEREOFARM_COORDINATOR_SCHEDULING_BACKGROUND_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_BACKGROUND_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace stereofarm {

// Runs work apart from the caller. Thread-safe.
class Background {
 public:
  virtual ~Background() = default;
  virtual void Run(std::function<void()> work) = 0;
};

// On threads of its own. The destructor drops what hasn't begun and waits for what has.
class BackgroundThreads : public Background {
 public:
  explicit BackgroundThreads(int threads);
  ~BackgroundThreads() override;
  void Run(std::function<void()> work) override;

 private:
  void Loop();

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_BACKGROUND_H_
