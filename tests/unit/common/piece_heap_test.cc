#include "common/image/piece_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <vector>

namespace stereofarm {
namespace {

size_t OffsetOf(const std::optional<PieceHeap::Piece>& piece) {
  EXPECT_TRUE(piece.has_value());
  return piece.has_value() ? piece->offset : 0;
}

TEST(PieceHeapTest, CutsPiecesFromTheSmallestKeptPart) {
  PieceHeap heap(1000);
  const size_t large = OffsetOf(heap.Take(300));
  ASSERT_TRUE(heap.Take(10).has_value());
  const size_t small = OffsetOf(heap.Take(100));
  ASSERT_TRUE(heap.Take(10).has_value());
  heap.Return(large, 300);
  heap.Return(small, 100);
  EXPECT_EQ(heap.kept(), 400u);
  const std::optional<PieceHeap::Piece> piece = heap.Take(80);
  EXPECT_EQ(OffsetOf(piece), small);
  EXPECT_EQ(piece->bare, 0u);
  EXPECT_EQ(OffsetOf(heap.Take(80)), large);
  EXPECT_EQ(heap.kept(), 240u);
}

TEST(PieceHeapTest, PartsGrowTogetherAgain) {
  PieceHeap heap(300);
  std::vector<size_t> pieces;
  for (int i = 0; i < 3; ++i) pieces.push_back(OffsetOf(heap.Take(100)));
  EXPECT_FALSE(heap.Take(1).has_value());
  heap.Return(pieces[0], 100);
  heap.Return(pieces[2], 100);
  EXPECT_FALSE(heap.Take(200).has_value());
  heap.Return(pieces[1], 100);
  const std::optional<PieceHeap::Piece> whole = heap.Take(300);
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->bare, 0u);
}

TEST(PieceHeapTest, SaysHowMuchOfAPieceIsBare) {
  PieceHeap heap(300);
  const std::optional<PieceHeap::Piece> first = heap.Take(100);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->bare, 100u);
  heap.Return(first->offset, 100);
  const std::optional<PieceHeap::Piece> second = heap.Take(250);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->bare, 150u);
  EXPECT_EQ(heap.kept(), 0u);
}

TEST(PieceHeapTest, DropsTheSmallestPartsFirstInWholeUnits) {
  PieceHeap heap(1000);
  const size_t large = OffsetOf(heap.Take(300));
  ASSERT_TRUE(heap.Take(10).has_value());
  const size_t small = OffsetOf(heap.Take(100));
  ASSERT_TRUE(heap.Take(10).has_value());
  heap.Return(large, 300);
  heap.Return(small, 100);
  const std::vector<PieceHeap::Range> dropped = heap.Drop(60, 50);
  // 310 to 410 holds one whole unit, 350 to 400; the rest comes from the large part's end.
  ASSERT_EQ(dropped.size(), 2u);
  EXPECT_EQ(dropped[0].offset, 350u);
  EXPECT_EQ(dropped[0].bytes, 50u);
  EXPECT_EQ(dropped[1].offset, 250u);
  EXPECT_EQ(dropped[1].bytes, 50u);
  EXPECT_EQ(heap.kept(), 300u);
  heap.Drop(1000, 1);
  EXPECT_EQ(heap.kept(), 0u);
}

// Beside a plain account of every byte.
TEST(PieceHeapTest, NoByteIsGivenOutTwiceAndBareOnesAreCounted) {
  constexpr size_t kBytes = 512;
  std::mt19937 random(7);
  PieceHeap heap(kBytes);
  enum Byte { kBare, kKept, kUsed };
  std::vector<Byte> bytes(kBytes, kBare);
  std::map<size_t, size_t> pieces;
  for (int step = 0; step < 20000; ++step) {
    const unsigned what = random() % 8;
    if (what < 4) {
      const size_t size = 1 + random() % 60;
      const std::optional<PieceHeap::Piece> piece = heap.Take(size);
      if (!piece.has_value()) continue;
      size_t bare = 0;
      ASSERT_LE(piece->offset + size, kBytes);
      for (size_t i = piece->offset; i < piece->offset + size; ++i) {
        ASSERT_NE(bytes[i], kUsed);
        bare += bytes[i] == kBare ? 1 : 0;
        bytes[i] = kUsed;
      }
      ASSERT_EQ(piece->bare, bare);
      pieces[piece->offset] = size;
    } else if (what < 7 && !pieces.empty()) {
      const auto it = std::next(pieces.begin(), static_cast<int>(random() % pieces.size()));
      heap.Return(it->first, it->second);
      for (size_t i = it->first; i < it->first + it->second; ++i) bytes[i] = kKept;
      pieces.erase(it);
    } else if (what == 7) {
      for (const PieceHeap::Range& range : heap.Drop(1 + random() % 40, 1 + random() % 8)) {
        for (size_t i = range.offset; i < range.offset + range.bytes; ++i) {
          ASSERT_EQ(bytes[i], kKept);
          bytes[i] = kBare;
        }
      }
    }
    ASSERT_EQ(heap.kept(), static_cast<size_t>(std::count(bytes.begin(), bytes.end(), kKept)));
  }
}

}  // namespace
}  // namespace stereofarm
