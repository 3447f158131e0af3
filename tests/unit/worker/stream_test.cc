#include "worker/stages/stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <vector>

#include "worker/stages/prefetch.h"

namespace stereofarm {
namespace {

// Counts up to `count`, then ends, fails or throws.
class Counting : public Stream<int> {
 public:
  enum class End { kEnd, kFail, kThrow };
  explicit Counting(int count, End end = End::kEnd) : count_(count), end_(end) {}
  absl::StatusOr<std::optional<int>> Next() override {
    if (given_ < count_) return std::optional<int>(given_++);
    if (end_ == End::kFail) return absl::DataLossError("broken");
    if (end_ == End::kThrow) throw std::runtime_error("thrown");
    return std::optional<int>();
  }
  int given() const { return given_; }

 private:
  const int count_;
  const End end_;
  std::atomic<int> given_{0};
};

std::vector<int> Collect(Stream<int>* stream, absl::Status* status) {
  std::vector<int> items;
  while (true) {
    absl::StatusOr<std::optional<int>> item = stream->Next();
    *status = item.status();
    if (!item.ok() || !item->has_value()) return items;
    items.push_back(**item);
  }
}

std::vector<int> UpTo(int count) {
  std::vector<int> items;
  for (int i = 0; i < count; ++i) items.push_back(i);
  return items;
}

TEST(PrefetchTest, KeepsTheOrder) {
  Prefetch<int> stream(std::make_unique<Counting>(500), 3);
  absl::Status status;
  EXPECT_EQ(Collect(&stream, &status), UpTo(500));
  EXPECT_TRUE(status.ok());
}

TEST(PrefetchTest, AnErrorComesAfterTheItemsBeforeIt) {
  Prefetch<int> stream(std::make_unique<Counting>(5, Counting::End::kFail), 4);
  absl::Status status;
  EXPECT_EQ(Collect(&stream, &status), UpTo(5));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
}

TEST(PrefetchTest, AnExceptionBecomesAnError) {
  Prefetch<int> stream(std::make_unique<Counting>(2, Counting::End::kThrow), 1);
  absl::Status status;
  EXPECT_EQ(Collect(&stream, &status), UpTo(2));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "thrown");
}

TEST(PrefetchTest, NoMoreThanItsCapacityIsAhead) {
  auto owned = std::make_unique<Counting>(100);
  const Counting& counting = *owned;
  Prefetch<int> stream(std::move(owned), 3);
  for (int taken = 0; taken < 100; ++taken) {
    // One may be on its way from the thread into the queue.
    EXPECT_LE(counting.given(), taken + 3 + 1);
    ASSERT_TRUE(stream.Next().ok());
  }
}

TEST(PrefetchTest, AChainThatIsDroppedInTheMiddleEndsItsThreads) {
  auto owned = std::make_unique<Counting>(1 << 30);
  std::unique_ptr<Stream<int>> chain = std::move(owned);
  for (int i = 0; i < 4; ++i) chain = Ahead(std::move(chain));
  ASSERT_TRUE(chain->Next().ok());
  chain.reset();
}

}  // namespace
}  // namespace stereofarm
