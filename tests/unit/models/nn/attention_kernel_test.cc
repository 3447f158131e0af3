#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "models/nn/cpu/attention.h"

namespace stereofarm::attention {
namespace {

// What the kernels compute, word by word: the plain twin.
std::vector<double> Plain(const std::vector<float>& q, const std::vector<float>& k,
                          const std::vector<float>& v, int64_t queries, int64_t keys,
                          int64_t width) {
  std::vector<double> out(static_cast<size_t>(queries * width));
  for (int64_t i = 0; i < queries; ++i) {
    std::vector<double> weights(static_cast<size_t>(keys));
    for (int64_t j = 0; j < keys; ++j) {
      double score = 0;
      for (int64_t d = 0; d < width; ++d) {
        score += static_cast<double>(q[static_cast<size_t>(i * width + d)]) *
                 k[static_cast<size_t>(j * width + d)];
      }
      weights[static_cast<size_t>(j)] = score / std::sqrt(static_cast<double>(width));
    }
    const double most = *std::ranges::max_element(weights);
    double total = 0;
    for (double& weight : weights) total += weight = std::exp(weight - most);
    for (int64_t d = 0; d < width; ++d) {
      double sum = 0;
      for (int64_t j = 0; j < keys; ++j) {
        sum += weights[static_cast<size_t>(j)] * v[static_cast<size_t>(j * width + d)];
      }
      out[static_cast<size_t>(i * width + d)] = sum / total;
    }
  }
  return out;
}

std::vector<float> Random(int64_t count, double deviation, std::mt19937* random) {
  std::normal_distribution<double> normal(0, deviation);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(normal(*random));
  return values;
}

std::vector<const Instructions*> AllInstructions() {
  std::vector<const Instructions*> all = {&BaseInstructions()};
  if (&BestInstructions() != all[0]) all.push_back(&BestInstructions());
  return all;
}

std::vector<float> Attend(const Instructions& with, const std::vector<float>& q,
                          const std::vector<float>& k, const std::vector<float>& v, int64_t queries,
                          int64_t keys, int64_t width) {
  std::vector<float> packed_keys(static_cast<size_t>(PackedFloats(keys, width)), NAN);
  std::vector<float> packed_values(packed_keys.size(), NAN);
  std::vector<float> work(static_cast<size_t>(WorkFloats(width)), NAN);
  std::vector<float> out(static_cast<size_t>(queries * width), NAN);
  const float scale =
      static_cast<float>(std::numbers::log2e / std::sqrt(static_cast<double>(width)));
  with.pack({k.data(), width}, {v.data(), width}, keys, width, packed_keys.data(),
            packed_values.data());
  for (int64_t first = 0; first < queries; first += kQueryBlock) {
    with.block({q.data() + first * width, width}, std::min(kQueryBlock, queries - first),
               packed_keys.data(), packed_values.data(), keys, width, scale, work.data(),
               {out.data() + first * width, width});
  }
  return out;
}

TEST(AttentionKernelTest, AgreesWithThePlainTwin) {
  std::mt19937 random(7);
  for (const Instructions* with : AllInstructions()) {
    for (const int64_t width : {8, 16, 24, 32, 40, 48, 64, 80, 128}) {
      if (width % with->lanes != 0) continue;
      for (const int64_t tokens : {1, 23, 24, 47, 49, 192, 193, 500}) {
        const std::vector<float> q = Random(tokens * width, 1, &random);
        const std::vector<float> k = Random(tokens * width, 1, &random);
        const std::vector<float> v = Random(tokens * width, 1, &random);
        const std::vector<double> wanted = Plain(q, k, v, tokens, tokens, width);
        const std::vector<float> got = Attend(*with, q, k, v, tokens, tokens, width);
        for (size_t i = 0; i < got.size(); ++i) {
          ASSERT_NEAR(got[i], wanted[i], 2e-6)
              << with->lanes << " lanes, " << tokens << " tokens of " << width << ", at " << i;
        }
      }
    }
  }
}

TEST(AttentionKernelTest, AQueryIsTheSameInEveryBlock) {
  std::mt19937 random(6);
  constexpr int64_t kTokens = 50, kWidth = 48;
  for (const Instructions* with : AllInstructions()) {
    const std::vector<float> q = Random(kTokens * kWidth, 1, &random);
    const std::vector<float> k = Random(kTokens * kWidth, 1, &random);
    const std::vector<float> whole = Attend(*with, q, k, k, kTokens, kTokens, kWidth);
    for (int64_t i = 0; i < kTokens; ++i) {
      const std::vector<float> one(q.begin() + i * kWidth, q.begin() + (i + 1) * kWidth);
      const std::vector<float> alone = Attend(*with, one, k, k, 1, kTokens, kWidth);
      EXPECT_TRUE(std::equal(alone.begin(), alone.end(), whole.begin() + i * kWidth)) << i;
    }
  }
}

TEST(AttentionKernelTest, ScoresThatAnExponentialCantHoldGiveNoNan) {
  std::mt19937 random(8);
  constexpr int64_t kTokens = 300, kWidth = 32;
  for (const Instructions* with : AllInstructions()) {
    const std::vector<float> q = Random(kTokens * kWidth, 60, &random);
    const std::vector<float> k = Random(kTokens * kWidth, 60, &random);
    const std::vector<float> v = Random(kTokens * kWidth, 1, &random);
    const std::vector<double> wanted = Plain(q, k, v, kTokens, kTokens, kWidth);
    const std::vector<float> got = Attend(*with, q, k, v, kTokens, kTokens, kWidth);
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], wanted[i], 1e-2) << i;
  }
}

TEST(AttentionKernelTest, RowsMayLieApart) {
  std::mt19937 random(9);
  constexpr int64_t kTokens = 60, kWidth = 16, kStride = 50;
  const std::vector<float> all = Random(kTokens * kStride, 1, &random);
  for (const Instructions* with : AllInstructions()) {
    std::vector<float> rows;
    for (int64_t t = 0; t < kTokens; ++t) {
      rows.insert(rows.end(), all.begin() + t * kStride, all.begin() + t * kStride + kWidth);
    }
    const std::vector<float> wanted = Attend(*with, rows, rows, rows, kTokens, kTokens, kWidth);
    std::vector<float> packed_keys(static_cast<size_t>(PackedFloats(kTokens, kWidth)));
    std::vector<float> packed_values(packed_keys.size());
    std::vector<float> work(static_cast<size_t>(WorkFloats(kWidth)));
    std::vector<float> out(static_cast<size_t>(kTokens * kStride), 5);
    with->pack({all.data(), kStride}, {all.data(), kStride}, kTokens, kWidth, packed_keys.data(),
               packed_values.data());
    for (int64_t first = 0; first < kTokens; first += kQueryBlock) {
      with->block({all.data() + first * kStride, kStride}, std::min(kQueryBlock, kTokens - first),
                  packed_keys.data(), packed_values.data(), kTokens, kWidth,
                  static_cast<float>(std::numbers::log2e / 4), work.data(),
                  {out.data() + first * kStride, kStride});
    }
    for (int64_t t = 0; t < kTokens; ++t) {
      for (int64_t d = 0; d < kStride; ++d) {
        const float value = out[static_cast<size_t>(t * kStride + d)];
        EXPECT_EQ(value, d < kWidth ? wanted[static_cast<size_t>(t * kWidth + d)] : 5);
      }
    }
  }
}

}  // namespace
}  // namespace stereofarm::attention
