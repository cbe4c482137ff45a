import ai.timefold.solver.core.api.domain.entity.PlanningEntity;
import ai.timefold.solver.core.api.domain.lookup.PlanningId;
import ai.timefold.solver.core.api.domain.solution.PlanningEntityCollectionProperty;
import ai.timefold.solver.core.api.domain.solution.PlanningScore;
import ai.timefold.solver.core.api.domain.solution.PlanningSolution;
import ai.timefold.solver.core.api.domain.valuerange.ValueRangeProvider;
import ai.timefold.solver.core.api.domain.variable.PlanningVariable;
import ai.timefold.solver.core.api.score.buildin.hardmediumsoftlong.HardMediumSoftLongScore;
import ai.timefold.solver.core.api.score.stream.Constraint;
import ai.timefold.solver.core.api.score.stream.ConstraintCollectors;
import ai.timefold.solver.core.api.score.stream.ConstraintFactory;
import ai.timefold.solver.core.api.score.stream.ConstraintProvider;
import ai.timefold.solver.core.api.score.stream.Joiners;
import ai.timefold.solver.core.api.solver.Solver;
import ai.timefold.solver.core.api.solver.SolverFactory;
import ai.timefold.solver.core.config.solver.SolverConfig;
import ai.timefold.solver.core.config.solver.termination.TerminationConfig;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Scanner;

/**
 * The dating problem as a plain Timefold model: one entity a visit, one variable (its half-day, or none), rules as
 * constraint streams, Timefold's own construction and local search. bench/roster_timefold.py writes the input and
 * reads the output: one line of slots, -1 where a visit has none, after the score.
 */
public class RosterTimefold {

    /** Seats of one Hall row in one half-day. */
    public static final class Room {
        final int row;
        final int slot;
        final int seats;

        Room(int row, int slot, int seats) {
            this.row = row;
            this.slot = slot;
            this.seats = seats;
        }
    }

    public record Use(Room room, int seats) {}

    /** A half-day on one visit's own list: its price, and what it uses up there. */
    public static final class Slot {
        final int index;
        final int day;
        final long price;
        final List<Use> uses;

        Slot(int index, long price, List<Use> uses) {
            this.index = index;
            this.day = index / 2;
            this.price = price;
            this.uses = uses;
        }
    }

    public record Limit(int row, int most, int[] free) {}

    public record ClusterDay(int cluster, int day) {}

    @PlanningEntity
    public static class Visit {
        @PlanningId public int id;
        public int object;
        public int cluster;
        public boolean clue;
        public boolean related;
        public long missed;
        @ValueRangeProvider public List<Slot> slots;
        @PlanningVariable(allowsUnassigned = true) public Slot slot;

        public Visit() {}

        public Integer getObject() {
            return object;
        }

        ClusterDay clusterDay() {
            return new ClusterDay(cluster, slot.day);
        }
    }

    @PlanningSolution
    public static class Roster {
        @PlanningEntityCollectionProperty public List<Visit> visits;
        @PlanningScore public HardMediumSoftLongScore score;

        public Roster() {}
    }

    static int[] ordinals;
    static int spacing;
    static int clusterCap;
    static long openCost;
    static List<List<Limit>> limitsOfRow;

    public static class Rules implements ConstraintProvider {
        @Override
        public Constraint[] defineConstraints(ConstraintFactory factory) {
            return new Constraint[] {
                capacity(factory), workload(factory), spacing(factory), clusterCap(factory), missed(factory),
                price(factory), clusterDays(factory)
            };
        }

        Constraint capacity(ConstraintFactory factory) {
            return factory.forEach(Visit.class)
                    .expand(visit -> visit.slot.uses)
                    .flattenLast(uses -> uses)
                    .groupBy((visit, use) -> use.room(), ConstraintCollectors.sum((visit, use) -> use.seats()))
                    .filter((room, used) -> used > room.seats)
                    .penalizeLong(HardMediumSoftLongScore.ONE_HARD, (room, used) -> used - room.seats)
                    .asConstraint("capacity");
        }

        Constraint workload(ConstraintFactory factory) {
            return factory.forEach(Visit.class)
                    .expand(visit -> visit.slot.uses)
                    .flattenLast(uses -> uses)
                    .filter((visit, use) -> !limitsOfRow.get(use.room().row).isEmpty())
                    .groupBy((visit, use) -> use.room(), ConstraintCollectors.sum((visit, use) -> use.seats()))
                    .expand((room, used) -> limitsOfRow.get(room.row))
                    .flattenLast(limits -> limits)
                    .groupBy(
                            (room, used, limit) -> limit,
                            ConstraintCollectors.sum(
                                    (room, used, limit) -> Math.max(0, used - limit.free()[room.slot])))
                    .filter((limit, beyond) -> beyond > limit.most())
                    .penalizeLong(HardMediumSoftLongScore.ONE_HARD, (limit, beyond) -> beyond - limit.most())
                    .asConstraint("workload");
        }

        Constraint spacing(ConstraintFactory factory) {
            return factory.forEach(Visit.class)
                    .filter(visit -> visit.related)
                    .join(
                            factory.forEach(Visit.class).filter(visit -> visit.related),
                            Joiners.equal(Visit::getObject),
                            Joiners.lessThan(visit -> visit.id))
                    .filter(RosterTimefold::tooClose)
                    .penalizeLong(HardMediumSoftLongScore.ONE_HARD, (one, other) -> 1L)
                    .asConstraint("spacing");
        }

        Constraint clusterCap(ConstraintFactory factory) {
            return factory.forEach(Visit.class)
                    .groupBy(Visit::clusterDay, ConstraintCollectors.count())
                    .filter((place, count) -> count > clusterCap)
                    .penalizeLong(HardMediumSoftLongScore.ONE_HARD, (place, count) -> count - clusterCap)
                    .asConstraint("cluster cap");
        }

        Constraint missed(ConstraintFactory factory) {
            return factory.forEachIncludingUnassigned(Visit.class)
                    .filter(visit -> visit.slot == null)
                    .penalizeLong(HardMediumSoftLongScore.ONE_MEDIUM, visit -> visit.missed)
                    .asConstraint("missed");
        }

        Constraint price(ConstraintFactory factory) {
            return factory.forEach(Visit.class)
                    .penalizeLong(HardMediumSoftLongScore.ONE_SOFT, visit -> visit.slot.price)
                    .asConstraint("price");
        }

        Constraint clusterDays(ConstraintFactory factory) {
            return factory.forEach(Visit.class)
                    .groupBy(Visit::clusterDay)
                    .penalizeLong(HardMediumSoftLongScore.ONE_SOFT, place -> openCost)
                    .asConstraint("cluster-days");
        }
    }

    static boolean tooClose(Visit one, Visit other) {
        int gap = ordinals[other.slot.day] - ordinals[one.slot.day];
        boolean laterIsClue = gap > 0 ? other.clue : one.clue;
        return gap == 0 || (!laterIsClue && Math.abs(gap) < spacing);
    }

    static int[] ints(Scanner in, int count) {
        int[] found = new int[count];
        Arrays.setAll(found, n -> in.nextInt());
        return found;
    }

    static Roster read(Path file) throws Exception {
        try (Scanner in = new Scanner(Files.readString(file))) {
            int visits = in.nextInt(), days = in.nextInt(), rows = in.nextInt(), limits = in.nextInt();
            spacing = in.nextInt();
            clusterCap = in.nextInt();
            openCost = in.nextLong();
            ordinals = ints(in, days);
            Room[][] rooms = new Room[rows][2 * days];
            limitsOfRow = new ArrayList<>();
            for (int r = 0; r < rows; r++) {
                limitsOfRow.add(new ArrayList<>());
                for (int s = 0; s < 2 * days; s++) {
                    rooms[r][s] = new Room(r, s, in.nextInt());
                }
            }
            for (int k = 0; k < limits; k++) {
                int row = in.nextInt(), most = in.nextInt();
                limitsOfRow.get(row).add(new Limit(row, most, ints(in, 2 * days)));
            }
            Roster roster = new Roster();
            roster.visits = new ArrayList<>();
            for (int v = 0; v < visits; v++) {
                roster.visits.add(visit(in, v, rooms));
            }
            return roster;
        }
    }

    static Visit visit(Scanner in, int id, Room[][] rooms) {
        Visit visit = new Visit();
        visit.id = id;
        int halves = in.nextInt();
        visit.object = in.nextInt();
        visit.cluster = in.nextInt();
        visit.clue = in.nextInt() == 1;
        visit.related = in.nextInt() == 1;
        visit.missed = in.nextLong();
        int[] needs = ints(in, 2 * in.nextInt());
        visit.slots = new ArrayList<>();
        for (int left = in.nextInt(); left > 0; left--) {
            int slot = in.nextInt();
            long price = in.nextLong();
            List<Use> uses = new ArrayList<>();
            for (int n = 0; n < needs.length; n += 2) {
                for (int half = 0; half < halves; half++) {
                    uses.add(new Use(rooms[needs[n]][slot + half], needs[n + 1]));
                }
            }
            visit.slots.add(new Slot(slot, price, uses));
        }
        return visit;
    }

    /** Ends the search once the process has used so many CPU seconds from now. */
    static void endAfter(double seconds, Solver<Roster> solver) {
        OperatingSystemMXBean machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long end = machine.getProcessCpuTime() + Math.round(1e9 * seconds);
        Thread watch = new Thread(() -> {
            while (machine.getProcessCpuTime() < end) {
                try {
                    Thread.sleep(50);
                } catch (InterruptedException gone) {
                    return;
                }
            }
            solver.terminateEarly();
        });
        watch.setDaemon(true);
        watch.start();
    }

    public static void main(String[] arguments) throws Exception {
        Roster problem = read(Path.of(arguments[0]));
        double seconds = Double.parseDouble(arguments[1]);
        boolean cpu = arguments[2].equals("cpu");
        Duration limit = cpu ? Duration.ofHours(1) : Duration.ofMillis(Math.round(1000 * seconds));
        SolverConfig config = new SolverConfig()
                .withSolutionClass(Roster.class)
                .withEntityClasses(Visit.class)
                .withConstraintProviderClass(Rules.class)
                .withTerminationConfig(new TerminationConfig().withSpentLimit(limit))
                .withRandomSeed(1L);
        Solver<Roster> solver = SolverFactory.<Roster>create(config).buildSolver();
        if (cpu) {
            endAfter(seconds, solver);
        }
        Roster found = solver.solve(problem);
        StringBuilder line = new StringBuilder(found.score.toString()).append('\n');
        found.visits.forEach(visit -> line.append(visit.slot == null ? -1 : visit.slot.index).append(' '));
        System.out.println(line);
    }
}
