#!/usr/bin/perl
# What DESIGN.md and README.md point to is there: functions in the files named,
# directories, documents, programs.
use strict;
use warnings;
use Test::More;

my $top = $ENV{srcdir} // '.';
sub slurp { my ($p) = @_; open my $f, '<', "$top/$p" or return undef; local $/; return scalar <$f> }

my $design = slurp('doc/DESIGN.md') // '';
my ($order) = $design =~ /^## From main.*?\n(.*?)^## /ms;
my $named = 0;
for my $line (split /\n/, $order // '') {
	my ($file, @functions) = $line =~ /`([^`]+)`/g;
	next unless defined $file && $file =~ s{^(\S+\.c): (\w+)$}{$1};
	unshift @functions, $2;
	my $source = slurp("milter/$file");
	ok defined $source, "reading order: milter/$file" or next;
	for my $function (grep { /^\w+$/ } @functions) {
		$named++;
		like $source, qr/^\Q$function\E\(/m, "reading order: $function() in it";
	}
}
cmp_ok $named, '>=', 10, 'from main() to the reply in ten steps or more';

for my $doc (qw(README.md doc/DESIGN.md doc/HACKING.md)) {
	my $text = slurp($doc) // '';
	my %path = map { $_ => 1 } $text =~ m{(?<![\w/])((?:doc|scripts|t|rules)/[\w./-]*\w(?:\.\w+)?)}g;
	ok -e "$top/$_", "$doc: $_" for sort grep { !m{^doc/man$} } keys %path;
}
done_testing;
