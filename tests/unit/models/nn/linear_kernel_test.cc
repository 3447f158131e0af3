#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "models/nn/cpu/linear.h"

namespace stereofarm::linear {
namespace {

std::vector<float> Random(int64_t count, std::mt19937* random) {
  std::normal_distribution<double> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(normal(*random));
  return values;
}

// A layer and its rows, all at random.
struct Case {
  Case(int64_t rows, int64_t in, int64_t out, std::mt19937* random)
      : rows(rows),
        in(in),
        out(out),
        x(Random(rows * in, random)),
        weight(Random(in * out, random)),
        bias(Random(out, random)),
        added(Random(rows * out, random)),
        packed(static_cast<size_t>(PackedFloats(in, out)), NAN) {
    Pack(weight.data(), in, out, packed.data());
  }

  // What the kernels compute, word by word: the plain twin.
  double Plain(int64_t row, int64_t column, bool with_bias, bool with_added) const {
    double sum = with_bias ? bias[static_cast<size_t>(column)] : 0;
    if (with_added) sum += added[static_cast<size_t>(row * out + column)];
    for (int64_t k = 0; k < in; ++k) {
      sum += static_cast<double>(x[static_cast<size_t>(row * in + k)]) *
             weight[static_cast<size_t>(column * in + k)];
    }
    return sum;
  }

  // In blocks of `block` rows.
  std::vector<float> Run(bool with_bias, bool with_added, int64_t block = kRowBlock) const {
    std::vector<float> result(static_cast<size_t>(rows * out), NAN);
    const Layer layer = {in, out, packed.data(), with_bias ? bias.data() : nullptr};
    for (int64_t row = 0; row < rows; row += block) {
      for (int64_t column = 0; column < out; column += kColumnBlock) {
        Block(layer, {x.data() + row * in, in}, std::min(block, rows - row), column,
              {with_added ? added.data() + row * out : nullptr, out},
              {result.data() + row * out, out});
      }
    }
    return result;
  }

  int64_t rows, in, out;
  std::vector<float> x, weight, bias, added, packed;
};

TEST(LinearKernelTest, AgreesWithThePlainTwin) {
  std::mt19937 random(7);
  for (const int64_t in : {1, 33, 384, 385, 800}) {
    for (const int64_t out : {1, 15, 16, 17, 192, 200, 401}) {
      for (const int64_t rows : {1, 5, 6, 7, 96, 101}) {
        const Case layer(rows, in, out, &random);
        const bool with_bias = (in + out + rows) % 3 != 0, with_added = (out + rows) % 2 == 0;
        const std::vector<float> got = layer.Run(with_bias, with_added);
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t c = 0; c < out; ++c) {
            ASSERT_NEAR(got[static_cast<size_t>(r * out + c)],
                        layer.Plain(r, c, with_bias, with_added), 1e-4)
                << rows << " rows, " << in << " to " << out << ", at " << r << " " << c;
          }
        }
      }
    }
  }
}

TEST(LinearKernelTest, AColumnIsTheSameInEveryPlace) {
  std::mt19937 random(10);
  Case layer(40, 500, 210, &random);
  const std::vector<float> before = layer.Run(true, true);
  // Column 3 in the place of the last, which stands at the edge.
  std::copy_n(layer.weight.begin() + 3 * 500, 500, layer.weight.begin() + 209 * 500);
  layer.bias[209] = layer.bias[3];
  for (size_t r = 0; r < 40; ++r) layer.added[r * 210 + 209] = layer.added[r * 210 + 3];
  Pack(layer.weight.data(), 500, 210, layer.packed.data());
  const std::vector<float> after = layer.Run(true, true);
  for (size_t r = 0; r < 40; ++r) EXPECT_EQ(after[r * 210 + 209], before[r * 210 + 3]);
}

TEST(LinearKernelTest, ARowIsTheSameInEveryBlock) {
  std::mt19937 random(8);
  const Case layer(100, 500, 210, &random);
  const std::vector<float> whole = layer.Run(true, true);
  for (const int64_t block : {1, 4, 7, 50}) EXPECT_EQ(layer.Run(true, true, block), whole) << block;
}

TEST(LinearKernelTest, RowsMayLieApart) {
  std::mt19937 random(9);
  constexpr int64_t kApart = 50;
  const Case layer(20, 30, 40, &random);
  std::vector<float> x(20 * kApart, NAN), added(20 * kApart, NAN), result(20 * kApart, 5);
  for (int64_t r = 0; r < 20; ++r) {
    std::copy_n(layer.x.begin() + r * 30, 30, x.begin() + r * kApart);
    std::copy_n(layer.added.begin() + r * 40, 40, added.begin() + r * kApart);
  }
  Block({30, 40, layer.packed.data(), layer.bias.data()}, {x.data(), kApart}, 20, 0,
        {added.data(), kApart}, {result.data(), kApart});
  const std::vector<float> wanted = layer.Run(true, true);
  for (int64_t r = 0; r < 20; ++r) {
    for (int64_t c = 0; c < kApart; ++c) {
      EXPECT_EQ(result[static_cast<size_t>(r * kApart + c)],
                c < 40 ? wanted[static_cast<size_t>(r * 40 + c)] : 5);
    }
  }
}

}  // namespace
}  // namespace stereofarm::linear
