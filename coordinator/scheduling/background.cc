#include "coordinator/scheduling/background.h"

namespace stereofarm {

BackgroundThreads::BackgroundThreads(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
}

BackgroundThreads::~BackgroundThreads() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    queue_.clear();
  }
  for (std::thread& thread : threads_) thread.join();
}

void BackgroundThreads::Run(std::function<void()> work) {
  absl::MutexLock lock(&mutex_);
  if (!stopping_) queue_.push_back(std::move(work));
}

void BackgroundThreads::Loop() {
  while (true) {
    std::function<void()> work;
    {
      absl::MutexLock lock(&mutex_);
      const auto something = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !queue_.empty();
      };
      mutex_.Await(absl::Condition(&something));
      if (stopping_) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace stereofarm
