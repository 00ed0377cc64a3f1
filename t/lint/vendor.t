#!/usr/bin/perl
# One vendor header, one file: what a library is called is known in one place.
use strict;
use warnings;
use Cwd ();
use File::Find;
use Test::More;

my $top = Cwd::abs_path(($ENV{srcdir} // '.') . '/milter');

# The header (a regex), and the library it belongs to.
my %vendor = (
	'pcre2\.h'		=> 'PCRE2',
	'hiredis/.*'		=> 'hiredis',
	'ares\.h'		=> 'c-ares',
	'jansson\.h'		=> 'jansson',
	'zstd\.h'		=> 'zstd',
	'unicode/.*'		=> 'ICU',
	'iconv\.h'		=> 'iconv',
	'libpsl\.h'		=> 'libpsl',
	'libmilter/mfapi\.h'	=> 'libmilter',
	'event2/.*'		=> 'libevent',
	'spf2/.*'		=> 'libspf2',
);

my %user;	# library -> files
my $files = 0;
find(sub {
	return unless /\.(?:c|h|def)$/ && -f;
	my $name = $File::Find::name =~ s{^\Q$top\E/}{}r;
	open my $fh, '<', $_ or die "$name: $!";
	$files++;
	while (my $line = <$fh>) {
		next unless $line =~ /^\s*#\s*include\s+<([^>]+)>/;
		my $inc = $1;
		for my $re (keys %vendor) {
			$user{$vendor{$re}}{$name} = 1 if $inc =~ /^$re$/;
		}
	}
}, $top);

cmp_ok($files, '>', 50, "$files files were looked at");
for my $library (sort values %vendor) {
	my @users = sort keys %{ $user{$library} // {} };

	cmp_ok(scalar @users, '<=', 1, "$library is included by one file")
	    or diag(join "\n", @users);
	is_deeply([grep { /\.h$/ } @users], [], 'and by no header');
}
ok($user{PCRE2} && $user{jansson}, 'includes are found at all');
done_testing();
