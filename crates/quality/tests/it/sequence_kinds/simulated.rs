//! Faults planted by the simulator.
