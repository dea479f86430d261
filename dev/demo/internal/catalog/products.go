package catalog

// products are what the shop sells, at list price.
var products = []struct {
	id, name, description string
	cents                 uint32
}{
	{"anchor", "Anchor", "Holds in sand and in mud; eleven kilograms.", 12900},
	{"bell", "Ship's bell", "Brass, with a plaited rope.", 8950},
	{"binoculars", "Binoculars", "Seven by fifty, waterproof.", 21900},
	{"boathook", "Boat hook", "Telescopic, ash and bronze.", 3490},
	{"chart", "Sea chart", "Printed on demand, corrected weekly.", 2600},
	{"compass", "Compass", "Gimballed, with a night light.", 15400},
	{"flag", "Signal flags", "The whole set of forty, in a roll.", 11200},
	{"lamp", "Storm lamp", "Burns for twenty hours.", 4200},
	{"log", "Logbook", "Two hundred ruled pages; lies flat.", 1850},
	{"rope", "Rope", "Thirty metres, three-strand.", 5400},
	{"sextant", "Sextant", "Adjusted and certified.", 64900},
	{"whistle", "Bosun's whistle", "Silver plated.", 1990},
}
