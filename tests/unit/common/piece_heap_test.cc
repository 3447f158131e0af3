#include "common/image/piece_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace stereofarm {
namespace {

size_t OffsetOf(const std::optional<PieceHeap::Piece>& piece) {
  EXPECT_TRUE(piece.has_value());
  return piece.has_value() ? piece->offset : 0;
}

// Where 300 and 100 bytes are kept, apart from each other.
std::pair<size_t, size_t> KeepTwoParts(PieceHeap* heap) {
  const size_t large = OffsetOf(heap->Take(300));
  EXPECT_TRUE(heap->Take(10).has_value());
  const size_t small = OffsetOf(heap->Take(100));
  EXPECT_TRUE(heap->Take(10).has_value());
  heap->Return(large, 300);
  heap->Return(small, 100);
  return {large, small};
}

TEST(PieceHeapTest, CutsPiecesFromTheSmallestKeptPart) {
  PieceHeap heap(1000, 1);
  const auto [large, small] = KeepTwoParts(&heap);
  EXPECT_EQ(heap.kept(), 400u);
  const std::optional<PieceHeap::Piece> piece = heap.Take(80);
  EXPECT_EQ(OffsetOf(piece), small);
  EXPECT_EQ(piece->bare, 0u);
  EXPECT_EQ(OffsetOf(heap.Take(80)), large);
  EXPECT_EQ(heap.kept(), 240u);
}

TEST(PieceHeapTest, PartsGrowTogetherAgain) {
  PieceHeap heap(300, 1);
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
  PieceHeap heap(300, 1);
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
  PieceHeap heap(1000, 1);
  KeepTwoParts(&heap);
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

TEST(PieceHeapTest, WhatIsLeftOfAPieceLastPageIsKept) {
  PieceHeap heap(1000, 100);
  const std::optional<PieceHeap::Piece> piece = heap.Take(130);
  ASSERT_TRUE(piece.has_value());
  EXPECT_EQ(piece->bare, 200u);
  EXPECT_EQ(heap.kept(), 70u);
  EXPECT_EQ(heap.Take(70)->bare, 0u);
  EXPECT_EQ(heap.Take(800)->bare, 800u);
  EXPECT_FALSE(heap.Take(1).has_value());
  EXPECT_FALSE(heap.Take(0).has_value());
}

// Beside a plain account of every byte.
TEST(PieceHeapTest, NoByteIsGivenOutTwiceAndBareOnesAreCounted) {
  constexpr size_t kBytes = 512, kPage = 16;
  std::mt19937 random(7);
  PieceHeap heap(kBytes, kPage);
  enum Byte { kBare, kKept, kUsed };
  std::vector<Byte> bytes(kBytes, kBare);
  std::map<size_t, size_t> pieces;
  int refused = 0, dropped = 0;
  for (int step = 0; step < 20000; ++step) {
    const unsigned what = random() % 8;
    if (what < 4) {
      const size_t size = 1 + random() % 60;
      const std::optional<PieceHeap::Piece> piece = heap.Take(size);
      if (!piece.has_value()) {
        size_t run = 0;
        for (const Byte byte : bytes) {
          run = byte == kUsed ? 0 : run + 1;
          ASSERT_LT(run, size);
        }
        ++refused;
        continue;
      }
      size_t bare = 0;
      ASSERT_LE(piece->offset + size, kBytes);
      for (size_t i = piece->offset; i < piece->offset + size; ++i) {
        ASSERT_NE(bytes[i], kUsed);
        bare += bytes[i] == kBare ? 1 : 0;
      }
      size_t end = piece->offset + size;
      for (; bytes[end - 1] == kBare && end < kBytes && end % kPage != 0 && bytes[end] == kBare;
           ++end) {
        ++bare;
      }
      for (size_t i = piece->offset; i < end; ++i) {
        bytes[i] = i < piece->offset + size ? kUsed : kKept;
      }
      ASSERT_EQ(piece->bare, bare);
      pieces[piece->offset] = size;
    } else if (what < 7 && !pieces.empty()) {
      const auto it = std::next(pieces.begin(), static_cast<int>(random() % pieces.size()));
      heap.Return(it->first, it->second);
      for (size_t i = it->first; i < it->first + it->second; ++i) bytes[i] = kKept;
      pieces.erase(it);
    } else if (what == 7) {
      const size_t wanted = std::min<size_t>(1 + random() % 40, heap.kept());
      const size_t unit = 1 + random() % 8;
      size_t sum = 0;
      for (const PieceHeap::Range& range : heap.Drop(wanted, unit)) {
        ASSERT_EQ(range.offset % unit, 0u);
        ASSERT_EQ(range.bytes % unit, 0u);
        for (size_t i = range.offset; i < range.offset + range.bytes; ++i) {
          ASSERT_EQ(bytes[i], kKept);
          bytes[i] = kBare;
        }
        sum += range.bytes;
      }
      if (unit == 1) {
        ASSERT_EQ(sum, wanted);
      }
      dropped += sum > 0 ? 1 : 0;
    }
    ASSERT_EQ(heap.kept(), static_cast<size_t>(std::count(bytes.begin(), bytes.end(), kKept)));
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(dropped, 100);
}

}  // namespace
}  // namespace stereofarm
