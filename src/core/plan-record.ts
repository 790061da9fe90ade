/** One record of a file in plan format (`skiff-plan-1`, helpers/README.md): its name and its fields, none of which may hold a NUL. */
export type PlanRecord = readonly [name: string, ...fields: string[]];
