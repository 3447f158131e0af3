#include "models/nn/cpu/attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numbers>

#include "models/nn/layers.h"

namespace stereofarm {
namespace {

// With fewer tokens, laying them out costs more than it brings.
constexpr int64_t kFewTokens = 96;

bool RowsLieTogether(const at::Tensor& x) { return x.stride(3) == 1; }

// Null: none fits.
const attention::Instructions* InstructionsFor(const at::Tensor& q, const at::Tensor& k,
                                               const at::Tensor& v) {
  if (!q.device().is_cpu() || q.scalar_type() != at::kFloat || q.size(1) < kFewTokens ||
      !RowsLieTogether(q) || !RowsLieTogether(k) || !RowsLieTogether(v)) {
    return nullptr;
  }
  for (const attention::Instructions* each :
       {&attention::BestInstructions(), &attention::BaseInstructions()}) {
    if (q.size(3) % each->lanes == 0) return each;
  }
  return nullptr;
}

Strided Head(const at::Tensor& x, int64_t batch, int64_t head) {
  return {x.const_data_ptr<float>() + batch * x.stride(0) + head * x.stride(2), x.stride(1)};
}

at::Tensor OnProcessor(const attention::Instructions& with, const at::Tensor& q,
                       const at::Tensor& k, const at::Tensor& v) {
  const int64_t tokens = q.size(1), keys = k.size(1), heads = q.size(2), width = q.size(3);
  const float scale =
      static_cast<float>(std::numbers::log2e / std::sqrt(static_cast<double>(width)));
  const int64_t packed = attention::PackedFloats(keys, width);
  const int64_t blocks = (tokens + attention::kQueryBlock - 1) / attention::kQueryBlock;
  at::Tensor out = at::empty({q.size(0), tokens, heads * width}, q.options());
  at::Tensor layouts = at::empty({heads, 2, packed}, q.options());
  float* const results = out.mutable_data_ptr<float>();
  float* const laid_out = layouts.mutable_data_ptr<float>();
  for (int64_t b = 0; b < q.size(0); ++b) {
    at::parallel_for(0, heads, 1, [&](int64_t begin, int64_t end) {
      for (int64_t h = begin; h < end; ++h) {
        float* const to = laid_out + h * 2 * packed;
        with.pack(Head(k, b, h), Head(v, b, h), keys, width, to, to + packed);
      }
    });
    // Each thread takes the next block, so that none waits for one whose core others use too.
    std::atomic<int64_t> next = 0;
    at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
      at::Tensor work = at::empty({attention::WorkFloats(width)}, at::kFloat);
      for (int64_t i = next++; i < heads * blocks; i = next++) {
        const int64_t h = i / blocks, first = i % blocks * attention::kQueryBlock;
        Strided queries = Head(q, b, h);
        queries.data += first * queries.stride;
        const float* const from = laid_out + h * 2 * packed;
        with.block(queries, std::min(attention::kQueryBlock, tokens - first), from, from + packed,
                   keys, width, scale, work.mutable_data_ptr<float>(),
                   {results + (b * tokens + first) * heads * width + h * width, heads * width});
      }
    });
  }
  return out;
}

}  // namespace

at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  if (q.device().is_cpu() && q.scalar_type() == at::kBFloat16) {
    // In float32, which is faster than LibTorch's kernel for bfloat16.
    return Attention(q.to(at::kFloat), k.to(at::kFloat), v.to(at::kFloat)).to(at::kBFloat16);
  }
  if (const attention::Instructions* with = InstructionsFor(q, k, v); with != nullptr) {
    return OnProcessor(*with, q, k, v);
  }
  return at::scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
      .transpose(1, 2)
      .flatten(2);
}

}  // namespace stereofarm
