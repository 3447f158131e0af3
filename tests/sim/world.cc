#include "tests/sim/world.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace stereofarm {
namespace {

constexpr std::pair<const char*, Plant> kPlants[] = {
    {"epoch-check-off", Plant::kEpochCheckOff},
    {"manifest-before-file", Plant::kManifestBeforeFile},
    {"report-not-persisted", Plant::kReportNotPersisted},
    {"lease-told-too-long", Plant::kLeaseToldTooLong},
    {"chore-forgotten", Plant::kChoreForgotten},
};

// Each run has faults of some kinds often, of others seldom or never.
constexpr double kRates[] = {0, 0.3, 1, 1, 3};

}  // namespace

std::optional<Plant> ParsePlant(const std::string& name) {
  for (const auto& [known, plant] : kPlants) {
    if (name == known) return plant;
  }
  return std::nullopt;
}

std::string PlantNames() {
  std::string names;
  for (const auto& [name, plant] : kPlants)
    names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

World::World(uint64_t seed, bool verbose) : verbose_(verbose), random_(SeededRandom(seed)) {}

bool World::Chance(double probability) {
  return static_cast<double>(random_->Next() >> 11) * 0x1p-53 < probability;
}

int64_t World::Between(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random_->Next() % static_cast<uint64_t>(high - low + 1));
}

void World::After(int64_t delay, std::function<void()> event) {
  queue_.push({now_ + std::max<int64_t>(0, delay), next_number_++, std::move(event)});
}

bool World::RunNext(int64_t until) {
  if (queue_.empty() || queue_.top().time > until) {
    now_ = std::max(now_, until);
    return false;
  }
  const Event event = queue_.top();
  queue_.pop();
  now_ = std::max(now_, event.time);
  ++events_;
  event.run();
  return true;
}

bool World::Fault(const std::string& kind, double probability) {
  if (faults_over_) return false;
  const auto [rate, inserted] = rates_.try_emplace(kind, 0);
  if (inserted) rate->second = kRates[Between(0, std::size(kRates) - 1)];
  if (!Chance(probability * rate->second)) return false;
  CountFault(kind);
  return true;
}

void World::Log(const std::string& line) {
  std::string entry = absl::StrFormat("%12.6f %s\n", static_cast<double>(now_) * 1e-6, line);
  if (!left_out_.empty()) absl::StrReplaceAll({{left_out_, ""}}, &entry);
  digest_.Update(entry);
  if (verbose_) std::fputs(entry.c_str(), stdout);
}

void World::Break(const std::string& invariant, const std::string& detail) {
  Log("BROKEN " + invariant + ": " + detail);
  if (!broken_) broken_ = Violation{invariant, detail};
}

}  // namespace stereofarm
